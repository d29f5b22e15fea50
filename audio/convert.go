package audio

import (
	"fmt"
	"slices"
)

// sourceRates lists the rates, in hertz, that a vendor's audio may have: those of clients, and what else vendors use.
// The list is closed, for it bounds the number of filters.
var sourceRates = append([]int{11025, 12000}, Rates...)

// maxSampleBytes is the size of the largest sample.
const maxSampleBytes = 4

// A decoder turns encoded samples into floats of -1..1. src holds len(dst) samples at least.
type decoder func(dst []float32, src []byte)

// An encoder appends samples to dst. The floats are finite, and may exceed -1..1.
type encoder func(dst []byte, src []float32) []byte

// codecs has both directions of each encoding that samples can have; WAV is PCM16 after its header.
var codecs = map[Encoding]struct {
	decode decoder
	encode encoder
}{
	PCM16:  {decodePCM16, encodePCM16},
	PCMF32: {decodePCMF32, encodePCMF32},
	MuLaw:  {decodeMuLaw, encodeMuLaw},
	ALaw:   {decodeALaw, encodeALaw},
}

// A Converter turns a stream of audio bytes from one format into another. It is not safe for concurrent use.
type Converter struct {
	// Static after NewConverter.
	size   int // bytes of a source sample
	same   bool
	decode decoder
	encode encoder

	// Owned by the goroutine that converts.
	split     [maxSampleBytes]byte // the beginning of a sample whose rest has not come
	held      int                  // bytes in split
	block     []float32            // scratch
	resampler *resampler           // nil where the rates agree
}

// NewConverter returns a converter between two formats. A source may have any rate that vendors use, in any
// encoding; a target must be valid. WAV on either side stands for its samples: headers are the caller's.
func NewConverter(from, to Format) (*Converter, error) {
	if from.Compressed() || to.Compressed() {
		return nil, fmt.Errorf("convert from %s to %s: samples only", from, to)
	}
	from, to = from.Samples(), to.Samples()
	source, ok := codecs[from.Encoding]
	if !ok {
		return nil, fmt.Errorf("convert from %s: unknown encoding", from)
	}
	if !slices.Contains(sourceRates, from.Rate) {
		return nil, fmt.Errorf("convert from %s: unknown sample rate", from)
	}
	if err := to.Validate(); err != nil {
		return nil, fmt.Errorf("convert to %s: %w", to, err)
	}
	c := &Converter{size: from.BytesPerSample(), decode: source.decode, encode: codecs[to.Encoding].encode}
	if from == to {
		c.same = true
		return c, nil
	}
	c.block = make([]float32, blockSamples)
	if from.Rate != to.Rate {
		c.resampler = newResampler(newRatio(from.Rate, to.Rate))
	}
	return c, nil
}

// Convert appends to dst what src completes, and returns it. src may be cut anywhere. Where rates differ the output is
// behind by the filter's reach, less than 4 ms at 8000 Hz, which Flush gives. dst and src must not overlap.
func (c *Converter) Convert(dst, src []byte) []byte {
	if c.held > 0 {
		n := copy(c.split[c.held:c.size], src)
		c.held += n
		src = src[n:]
		if c.held < c.size {
			return dst
		}
		dst = c.convert(dst, c.split[:c.size])
	}
	whole := len(src) - len(src)%c.size
	dst = c.convert(dst, src[:whole])
	c.held = copy(c.split[:], src[whole:])
	return dst
}

// Flush appends the rest of the output, and returns it. Then the converter is at the start of another stream.
func (c *Converter) Flush(dst []byte) []byte {
	c.held = 0
	if c.resampler == nil {
		return dst
	}
	c.resampler.finish()
	dst = c.drain(dst)
	c.resampler.reset()
	return dst
}

// convert takes whole samples.
func (c *Converter) convert(dst, src []byte) []byte {
	if c.same {
		return append(dst, src...)
	}
	for len(src) > 0 {
		room := c.block
		if c.resampler != nil {
			room = c.resampler.room()
		}
		n := min(len(src)/c.size, len(room))
		c.decode(room[:n], src)
		src = src[n*c.size:]
		if c.resampler == nil {
			dst = c.encode(dst, room[:n])
			continue
		}
		c.resampler.wrote(n)
		dst = c.drain(dst)
	}
	return dst
}

// drain appends what the resampler has ready.
func (c *Converter) drain(dst []byte) []byte {
	for {
		n := c.resampler.read(c.block)
		if n == 0 {
			return dst
		}
		dst = c.encode(dst, c.block[:n])
	}
}
