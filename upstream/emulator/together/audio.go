package together

import (
	"context"
	"encoding/binary"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// sendAll sends audio at the options' pace with its words, and reports whether nothing went wrong.
// The reference does not say whether word times come before, among or after the audio of their item, nor from where they
// count.
func (k *speechContext) sendAll(ctx context.Context, pcm []int16, s settings, words []voice.WordTime) bool {
	rate := s.outRate()
	raw, err := engine.Encode(pcm, audio.Format{Encoding: audio.PCM16, Rate: rate})
	if err != nil {
		k.conn.send(k.named(failure("internal_error", "")))
		return false
	}
	start := k.samples
	var origin time.Duration
	if k.conn.quirks.wordsContinue {
		origin = audio.Duration(start, engine.NativeRate)
	}
	if k.conn.quirks.words == "before" {
		words = k.sendWords(words, origin, len(words))
	}
	k.pacer.Resume()
	header, size := k.header(s), k.deltaSize(rate)
	for k.rest = raw; len(k.rest) > 0; {
		n := min(size, len(k.rest))
		if !k.pacer.Wait(ctx, audio.Duration(int64(n/2), rate)) {
			return false
		}
		sent := len(raw) - len(k.rest) + n
		k.generated(start + int64(len(pcm))*int64(sent)/int64(len(raw)))
		k.sendDelta(header, n)
		header = nil
		if k.conn.quirks.words == "among" {
			words = k.sendWords(words, origin, engine.BegunBy(words, audio.Duration(int64(sent/2), rate)))
		}
		if k.broken(ctx) {
			return false
		}
	}
	k.sendWords(words, origin, len(words))
	return ctx.Err() == nil
}

// generated notes that so many samples have been generated in all.
func (k *speechContext) generated(samples int64) {
	k.samples = samples
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Audio = audio.Duration(samples, engine.NativeRate) })
}

// deltaSize is the bytes of a delta.
// No size is documented, and none that a sample is whole in each: clients have to carry an odd byte over.
func (k *speechContext) deltaSize(rate int) int {
	size := max(1, int(audio.Samples(k.conn.quirks.chunk, rate))) * 2
	if k.conn.quirks.oddChunks || k.wrong.Kind == engine.OddChunks {
		size++
	}
	return size
}

// header is the RIFF header that the item's audio begins with; nil: none.
// The OpenAPI description says raw PCM, an older edition of the page said WAV, and the page's sample writes what comes into a
// file that is called output.wav. So clients have to look for RIFF.
func (k *speechContext) header(s settings) []byte {
	q := k.conn.quirks
	if s.format != "wav" && q.riff != "always" && (s.format != "" || q.riff != "default") {
		return nil
	}
	h := audio.WAVHeader(s.outRate())
	if q.riffUnsized {
		binary.LittleEndian.PutUint32(h[4:], 0)
		binary.LittleEndian.PutUint32(h[len(h)-4:], 0)
	}
	return h
}

// sendDelta sends the next bytes of the item, after the header if it is still to be sent.
func (k *speechContext) sendDelta(header []byte, n int) {
	if k.conn.quirks.riffAlone && header != nil {
		k.delta(header)
		header = nil
	}
	k.delta(append(header[:len(header):len(header)], k.rest[:n]...))
	k.rest = k.rest[n:]
}

func (k *speechContext) delta(raw []byte) {
	o := k.event("conversation.item.audio_output.delta")
	o["delta"] = engine.ToBase64(raw)
	k.conn.send(o)
}

// sendWords sends the times of the first words, and returns the others.
// Three arrays of the same length, in seconds. There are no offsets into the text.
func (k *speechContext) sendWords(words []voice.WordTime, origin time.Duration, n int) []voice.WordTime {
	if n == 0 {
		return words
	}
	o := k.event("conversation.item.word_timestamps")
	var texts []string
	var starts, ends []float64
	for _, w := range words[:n] {
		texts = append(texts, w.Text)
		starts = append(starts, (origin + w.Start).Round(time.Millisecond).Seconds())
		ends = append(ends, (origin + w.End).Round(time.Millisecond).Seconds())
	}
	o["words"], o["start_seconds"], o["end_seconds"] = texts, starts, ends
	k.conn.send(o)
	return words[n:]
}

// sendLate sends what was under way when the context was cancelled. The speaker is over.
// Clients report deltas that come after context.cancelled; the guide says nothing of them.
func (k *speechContext) sendLate(ctx context.Context) {
	for range k.conn.quirks.lateFrames {
		if k.item == "" || len(k.rest) == 0 || !engine.Pause(ctx, lateEvery) {
			return
		}
		k.sendDelta(nil, min(k.deltaSize(engine.NativeRate), len(k.rest)))
	}
	if k.item != "" && k.conn.quirks.lateDone {
		k.end()
	}
}

// lateEvery is between deltas that follow a cancel, so that the client's next messages come among them.
const lateEvery = 5 * time.Millisecond
