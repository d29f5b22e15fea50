package emulator

import (
	"context"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// cartesiaSpeaker is what a context's goroutine keeps from text to text.
type cartesiaSpeaker struct {
	samples int64 // generated, at the native rate
	spoke   bool
	flushID int
	flushed bool // a flush_done has gone out
	turn    turn
	pacer   pacer
}

// say does what an item asks for, and reports whether nothing went wrong.
func (k *cartesiaContext) say(ctx context.Context, item cartesiaItem) bool {
	if !k.turn.take(ctx, k.conn.turns) {
		return false
	}
	defer k.turn.give()
	if k.broken(ctx) {
		return false
	}
	characters := int64(utf8.RuneCountInString(item.text))
	k.conn.server.stream(k.index, func(s *Stream) { s.Charge += characters * cartesiaCharMicros })
	if speakable(item.text) && !k.voice(ctx, item) {
		return false
	}
	if item.flush {
		k.sendFlushDone()
	}
	k.spoke = true
	return true
}

// sendFlushDone says that all before a flush is spoken.
func (k *cartesiaContext) sendFlushDone() {
	before := k.flushID
	k.flushID++
	k.flushed = true
	id := before
	if k.conn.quirks.flushNames == "behind" {
		id = k.flushID
	}
	k.conn.server.stream(k.index, func(s *Stream) { s.Flushes++ })
	k.conn.send(object{"type": "flush_done", "flush_id": id, "flush_done": true, "context_id": k.id, "done": false, "status_code": 206})
}

// voice sends a text's audio and times, and reports whether that is all of it.
func (k *cartesiaContext) voice(ctx context.Context, item cartesiaItem) bool {
	server := k.conn.server
	spoken := server.say(ctx, item.text, true, server.opts.Seed+uint64(k.samples), k.settings.speed)
	switch k.fault.Kind {
	case Empty:
		return true
	case WrongLength:
		spoken = cutShort(spoken, k.fault)
	}
	delay := server.opts.FirstAudio
	if k.fault.Kind == Late && !k.spoke {
		delay += k.fault.After
	}
	if !pause(ctx, delay) {
		return false
	}
	words := spoken.Words
	if k.conn.quirks.tags {
		words = append(tagsOf(item.text), words...)
	}
	if !item.times {
		words = nil
	}
	return k.sendAll(ctx, spoken.PCM, words)
}

// cartesiaTag is a tag of the vendor's.
var cartesiaTag = regexp.MustCompile(`</?[a-z][^<>]*>`)

// tagsOf are a text's tags as words without length, as they show up among the times.
func tagsOf(text string) []voice.WordTime {
	var tags []voice.WordTime
	for _, tag := range cartesiaTag.FindAllString(text, -1) {
		tags = append(tags, voice.WordTime{Text: tag})
	}
	return tags
}

// sendAll sends audio at the options' pace with its words, and reports whether nothing went wrong.
func (k *cartesiaContext) sendAll(ctx context.Context, pcm []int16, words []voice.WordTime) bool {
	raw, err := encode(pcm, k.settings.format)
	if err != nil {
		k.conn.fail(k.id, cartesiaFault(Fault{Name: "internal_error"}))
		return false
	}
	start := k.samples
	origin := audio.Duration(start, nativeRate) // times count from the context's first sample
	if k.conn.quirks.words == "before" {
		words = k.sendWords(words, origin, len(words))
	}
	k.pacer.resume()
	size := k.chunkSize()
	for sent := 0; sent < len(raw); {
		n := min(size, len(raw)-sent)
		if !k.pacer.wait(ctx, audio.Duration(int64(n/k.settings.format.BytesPerSample()), k.settings.format.Rate)) {
			return false
		}
		k.sendChunk(raw[sent : sent+n])
		sent += n
		k.generated(start + int64(len(pcm))*int64(sent)/int64(len(raw)))
		if k.conn.quirks.words == "among" {
			words = k.sendWords(words, origin, begunBy(words, audio.Duration(k.samples-start, nativeRate)))
		}
		if k.broken(ctx) {
			return false
		}
	}
	k.sendWords(words, origin, len(words))
	return ctx.Err() == nil
}

// chunkSize is the bytes of a chunk.
func (k *cartesiaContext) chunkSize() int {
	f := k.settings.format
	size := max(1, int(audio.Samples(k.conn.quirks.chunk, f.Rate))) * f.BytesPerSample()
	if k.conn.quirks.oddChunks || k.fault.Kind == OddChunks {
		size++
	}
	return size
}

func (k *cartesiaContext) sendChunk(raw []byte) {
	o := object{
		"type": "chunk", "data": toBase64(raw), "done": false, "status_code": 206, "step_time": 12.5, "context_id": k.id,
	}
	if k.flushed || k.conn.quirks.flushIDs == "always" {
		o["flush_id"] = k.flushID
	}
	k.conn.send(o)
}

// generated notes that so many samples have been generated in all.
func (k *cartesiaContext) generated(samples int64) {
	k.samples = samples
	k.conn.server.stream(k.index, func(s *Stream) { s.Audio = audio.Duration(samples, nativeRate) })
}

// sendWords sends the times of the first words, and returns the others.
func (k *cartesiaContext) sendWords(words []voice.WordTime, origin time.Duration, n int) []voice.WordTime {
	if n == 0 {
		return words
	}
	var texts []string
	var starts, ends []float64
	for _, w := range words[:n] {
		texts = append(texts, w.Text)
		starts, ends = append(starts, (origin+w.Start).Seconds()), append(ends, (origin+w.End).Seconds())
	}
	k.conn.send(object{
		"type": "timestamps", "context_id": k.id, "done": false, "status_code": 206,
		"word_timestamps": object{"words": texts, "start": starts, "end": ends},
	})
	return words[n:]
}

// broken plays the fault when its time has come. It reports whether the context is over, by that or by ctx.
func (k *cartesiaContext) broken(ctx context.Context) bool {
	if audio.Duration(k.samples, nativeRate) < k.fault.After {
		return ctx.Err() != nil
	}
	switch k.fault.Kind {
	case Stall:
		k.turn.give()                              // the others go on
		for ctx.Err() == nil && !k.isCancelled() { // until the client cancels the context, or leaves
			select {
			case <-ctx.Done():
			case <-k.wake:
			}
		}
	case Drop:
		_ = k.conn.socket.CloseNow() // that is the fault
	case CloseCode:
		k.conn.wg.Go(func() { _ = k.conn.socket.Close(websocket.StatusCode(k.fault.Code), "") }) // that is the fault
	case ErrorFrame:
		id := k.id
		if k.fault.Session {
			id = ""
		}
		k.conn.fail(id, cartesiaFault(k.fault))
	case Garbage:
		sendGarbage(k.conn.socket)
	default:
		return ctx.Err() != nil
	}
	return true
}
