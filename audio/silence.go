package audio

import (
	"math"
	"time"
)

// Bounds of hearing. A pause between words is rarely shorter than earGap, and a sound shorter than earClick is none.
const (
	earWindow = 4 * time.Millisecond
	earGap    = 12 * time.Millisecond
	earClick  = 20 * time.Millisecond
	earFloor  = 0.004 // RMS, of full scale, below which there is always silence
	earShare  = 0.05  // of the loudest so far, likewise: vendors differ in level, and some never fall silent
)

// Sound is a stretch that is not silence, in samples from the first that was heard.
type Sound struct{ Start, End int64 }

// SilenceDetector hears where there is sound and where silence, in a stream of whole samples of one format. It doesn't know
// speech: a sound may be a word, a part of one or several.
type SilenceDetector struct {
	// Static after NewSilenceDetector.
	decode decoder
	size   int // bytes of a sample
	window int // samples
	gap    int64
	click  int64

	at     int64 // samples heard
	filled int   // of the window under way
	power  float64
	peak   float64 // RMS of the loudest window
	block  []float32

	sounds []Sound
	open   bool  // the last sound goes on
	still  int64 // samples of silence since it was last heard
}

// NewSilenceDetector is a detector for a format that the relay can give.
func NewSilenceDetector(f Format) *SilenceDetector {
	samples := func(d time.Duration) int64 { return Samples(d, f.Rate) }
	return &SilenceDetector{
		decode: codecs[f.Samples().Encoding].decode,
		size:   f.BytesPerSample(),
		window: int(samples(earWindow)),
		gap:    samples(earGap),
		click:  samples(earClick),
		block:  make([]float32, blockSamples),
	}
}

// Hear takes the next samples.
func (e *SilenceDetector) Hear(samples []byte) {
	for len(samples) >= e.size {
		n := min(len(samples)/e.size, e.window-e.filled, len(e.block))
		values := e.block[:n]
		e.decode(values, samples)
		for _, v := range values {
			e.power += float64(v) * float64(v)
		}
		samples = samples[n*e.size:]
		e.filled += n
		e.at += int64(n)
		if e.filled == e.window {
			e.judge()
		}
	}
}

// judge takes a whole window as sound or silence.
func (e *SilenceDetector) judge() {
	level := math.Sqrt(e.power / float64(e.window))
	e.filled, e.power = 0, 0
	e.peak = max(e.peak, level)
	start := e.at - int64(e.window)
	loud := level >= max(earFloor, earShare*e.peak)
	switch {
	case loud && !e.open:
		e.sounds = append(e.sounds, Sound{Start: start, End: e.at})
		e.open, e.still = true, 0
	case loud:
		e.sounds[len(e.sounds)-1].End = e.at
		e.still = 0
	case e.open:
		if e.still += int64(e.window); e.still >= e.gap {
			e.close()
		}
	}
}

// close ends the sound under way, and forgets one that was a click.
func (e *SilenceDetector) close() {
	last := e.sounds[len(e.sounds)-1]
	if last.End-last.Start < e.click {
		e.sounds = e.sounds[:len(e.sounds)-1]
	}
	e.open = false
}

// Sounds are those so far, in order. The slice is valid until the next call of Hear or Forget.
func (e *SilenceDetector) Sounds() []Sound { return e.sounds }

// Forget lets go of the sounds that ended by a sample.
func (e *SilenceDetector) Forget(by int64) {
	n := 0
	for n < len(e.sounds) && e.sounds[n].End <= by && (n < len(e.sounds)-1 || !e.open) {
		n++
	}
	e.sounds = append(e.sounds[:0], e.sounds[n:]...)
}
