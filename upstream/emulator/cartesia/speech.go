package cartesia

import (
	"context"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// say does what an item asks for, and reports whether nothing went wrong.
// Credits are by character of the transcript, and no event tells them.
func (k *speechContext) say(ctx context.Context, item job) bool {
	if !k.turn.Take(ctx, k.conn.turns) {
		return false
	}
	defer k.turn.Give()
	if k.broken(ctx) {
		return false
	}
	characters := int64(utf8.RuneCountInString(item.text))
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Charge += characters * charMicros })
	if engine.Speakable(item.text) && !k.voice(ctx, item) {
		return false
	}
	if item.flush {
		k.sendFlushDone()
	}
	k.spoke = true
	return true
}

// sendFlushDone says that all before a flush is spoken.
// Chunks before a flush have the former id. Which one flush_done has is not documented.
func (k *speechContext) sendFlushDone() {
	before := k.flushID
	k.flushID++
	k.flushed = true
	id := before
	if k.conn.quirks.flushNames == "after" {
		id = k.flushID
	}
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Flushes++ })
	k.conn.send(engine.Object{"type": "flush_done", "flush_id": id, "flush_done": true, "context_id": k.id, "done": false, "status_code": 206})
}

// voice sends a text's audio and times, and reports whether that is all of it.
func (k *speechContext) voice(ctx context.Context, item job) bool {
	server := k.conn.server
	spoken := server.Say(ctx, item.text, true, server.Options().Seed+uint64(k.samples), k.settings.speed)
	switch k.fault.Kind {
	case engine.Empty:
		return true
	case engine.WrongLength:
		spoken = engine.CutShort(spoken, k.fault)
	}
	delay := server.Options().FirstAudio
	if k.fault.Kind == engine.Late && !k.spoke {
		delay += k.fault.After
	}
	if !engine.Pause(ctx, delay) {
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

// tag is a tag of the vendor's.
var tag = regexp.MustCompile(`</?[a-z][^<>]*>`)

// tagsOf are a text's tags as words without length, as they show up among the times.
// Tags such as spell and break are seen among the vendor's word times, so a client has to know them from words.
func tagsOf(text string) []voice.WordTime {
	var tags []voice.WordTime
	for _, tag := range tag.FindAllString(text, -1) {
		tags = append(tags, voice.WordTime{Text: tag})
	}
	return tags
}

// sendAll sends audio at the options' pace with its words, and reports whether nothing went wrong.
// Times are seconds. That those of later texts go on from the context's first sample is settled by LiveKit and Pipecat, which
// add nothing to them.
func (k *speechContext) sendAll(ctx context.Context, pcm []int16, words []voice.WordTime) bool {
	raw, err := engine.Encode(pcm, k.settings.format)
	if err != nil {
		k.conn.fail(k.id, failureOf(engine.Fault{Name: "internal_error"}))
		return false
	}
	start := k.samples
	origin := audio.Duration(start, engine.NativeRate) // times count from the context's first sample
	if k.conn.quirks.words == "before" {
		words = k.sendWords(words, origin, len(words))
	}
	k.pacer.Resume()
	size := k.chunkSize()
	for sent := 0; sent < len(raw); {
		n := min(size, len(raw)-sent)
		if !k.pacer.Wait(ctx, audio.Duration(int64(n/k.settings.format.BytesPerSample()), k.settings.format.Rate)) {
			return false
		}
		k.sendChunk(raw[sent : sent+n])
		sent += n
		k.generated(start + int64(len(pcm))*int64(sent)/int64(len(raw)))
		if k.conn.quirks.words == "among" {
			words = k.sendWords(words, origin, engine.BegunBy(words, audio.Duration(k.samples-start, engine.NativeRate)))
		}
		if k.broken(ctx) {
			return false
		}
	}
	k.sendWords(words, origin, len(words))
	return ctx.Err() == nil
}

// chunkSize is the bytes of a chunk.
func (k *speechContext) chunkSize() int {
	f := k.settings.format
	size := max(1, int(audio.Samples(k.conn.quirks.chunk, f.Rate))) * f.BytesPerSample()
	if k.conn.quirks.oddChunks || k.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

// sendChunk sends audio. step_time has to be there, though it says nothing of use: LiveKit's plugin for JavaScript drops a
// chunk without it. 206 is HTTP's "partial content".
func (k *speechContext) sendChunk(raw []byte) {
	o := engine.Object{
		"type": "chunk", "data": engine.ToBase64(raw), "done": false, "status_code": 206, "step_time": 12.5, "context_id": k.id,
	}
	if k.flushed || k.conn.quirks.flushIDs == "always" {
		o["flush_id"] = k.flushID
	}
	k.conn.send(o)
}

// generated notes that so many samples have been generated in all.
func (k *speechContext) generated(samples int64) {
	k.samples = samples
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Audio = audio.Duration(samples, engine.NativeRate) })
}

// sendWords sends the times of the first words, and returns the others.
func (k *speechContext) sendWords(words []voice.WordTime, origin time.Duration, n int) []voice.WordTime {
	if n == 0 {
		return words
	}
	var texts []string
	var starts, ends []float64
	for _, w := range words[:n] {
		texts = append(texts, w.Text)
		starts, ends = append(starts, (origin+w.Start).Seconds()), append(ends, (origin+w.End).Seconds())
	}
	k.conn.send(engine.Object{
		"type": "timestamps", "context_id": k.id, "done": false, "status_code": 206,
		"word_timestamps": engine.Object{"words": texts, "start": starts, "end": ends},
	})
	return words[n:]
}

// broken plays the fault when its time has come. It reports whether the context is over, by that or by ctx.
func (k *speechContext) broken(ctx context.Context) bool {
	if audio.Duration(k.samples, engine.NativeRate) < k.fault.After {
		return ctx.Err() != nil
	}
	switch k.fault.Kind {
	case engine.Stall:
		k.turn.Give()                              // the others go on
		for ctx.Err() == nil && !k.isCancelled() { // until the client cancels the context, or leaves
			select {
			case <-ctx.Done():
			case <-k.wake:
			}
		}
	case engine.Drop:
		_ = k.conn.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		k.conn.wg.Go(func() { _ = k.conn.socket.Close(websocket.StatusCode(k.fault.Code), "") }) // that is the fault
	case engine.ErrorFrame:
		id := k.id
		if k.fault.Session {
			id = ""
		}
		k.conn.fail(id, failureOf(k.fault))
	case engine.Garbage:
		engine.SendGarbage(k.conn.socket)
	default:
		return ctx.Err() != nil
	}
	return true
}
