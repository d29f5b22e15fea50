package kugelaudio

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// say speaks one chunk of text.
// A chunk is a sentence: generation_started, audio, chunk_complete, so one flush may yield several. chunk_complete is not the
// end of anything but the chunk (KugelAudio's docs, Turn lifecycle).
func (k *speechContext) say(ctx context.Context, text string) (last bool) {
	if k.broken(ctx) {
		return true
	}
	chunk := k.chunk
	k.chunk++
	k.characters += utf8.RuneCountInString(text)
	k.send(engine.Object{"generation_started": true, "chunk_id": chunk, "text": text})
	began := time.Now()
	spoken := k.generate(ctx, text, chunk)
	delay := k.conn.server.Options().FirstAudio
	if k.fault.Kind == engine.Late && chunk == 0 {
		delay += k.fault.After
	}
	if !engine.Pause(ctx, delay) {
		return false
	}
	if k.conn.quirks.wordsFirst {
		k.sendWords(spoken, text, chunk)
	}
	if k.sendAudio(ctx, spoken.PCM, chunk) {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	if !k.conn.quirks.wordsFirst {
		k.sendWords(spoken, text, chunk)
	}
	seconds := float64(len(spoken.PCM)) / engine.NativeRate
	k.send(engine.Object{
		"chunk_complete": true, "chunk_id": chunk,
		"audio_seconds": seconds, "gen_ms": time.Since(began).Milliseconds(),
	})
	return false
}

// generate is the chunk's speech, spoiled where that is the fault.
func (k *speechContext) generate(ctx context.Context, text string, chunk int) voice.Spoken {
	seed := k.conn.server.Options().Seed + uint64(chunk)
	spoken := k.conn.server.Say(ctx, text, k.settings.normalizes(), seed, k.settings.speed())
	switch k.fault.Kind {
	case engine.Empty:
		return voice.Spoken{}
	case engine.WrongLength:
		return engine.CutShort(spoken, k.fault)
	}
	return spoken
}

// sendAudio sends a chunk's audio at the options' pace and reports whether a fault ended the context.
// Whether idx starts again with each chunk is not documented: the examples show single chunks.
func (k *speechContext) sendAudio(ctx context.Context, pcm []int16, chunk int) (ended bool) {
	format, _ := k.settings.format()
	raw, err := engine.Encode(pcm, format)
	if err != nil {
		k.conn.sendError("INTERNAL_ERROR", "", k.id)
		return true
	}
	if k.pacer.Began.IsZero() {
		k.pacer.Began = time.Now()
	}
	if k.conn.quirks.idxPerChunk {
		k.idx = 0
	}
	sample := format.BytesPerSample()
	size := int(k.conn.quirks.chunk.Seconds()*float64(format.Rate)) * sample
	if k.fault.Kind == engine.OddChunks { // a sample is cut in two, which a client must put together again
		size++
	}
	// The charge goes by what was generated, in samples of the native rate, however many of them a frame of the format has.
	charged, total := int64(0), len(raw)
	for len(raw) > 0 {
		n := min(size, len(raw))
		if !k.pacer.Wait(ctx, audio.Duration(int64(n/sample), format.Rate)) {
			return false
		}
		sent := int64(len(pcm)) * int64(total-len(raw)+n) / int64(total)
		k.charge(sent - charged)
		charged = sent
		k.sendFrame(raw[:n], format, chunk)
		raw = raw[n:]
		if k.broken(ctx) {
			return true
		}
	}
	return false
}

func (k *speechContext) sendFrame(raw []byte, format audio.Format, chunk int) {
	k.frames++
	k.send(engine.Object{
		"audio": engine.ToBase64(raw), "enc": string(format.Encoding), "idx": k.idx,
		"sr": format.Rate, "samples": len(raw) / format.BytesPerSample(), "chunk_id": chunk,
	})
	k.idx++
}

// broken plays the fault when its time has come, and reports whether that ended the context.
// A context_id in the error decides what a client loses: its context or its session.
func (k *speechContext) broken(ctx context.Context) bool {
	if audio.Duration(k.samples, engine.NativeRate) < k.fault.After {
		return false
	}
	switch k.fault.Kind {
	case engine.Stall:
		// Only the context is silent: the connection still takes what its client says, so others go on.
		<-ctx.Done() // the client stops the context, or leaves
		return false
	case engine.Drop:
		_ = k.conn.conn.CloseNow() // that is the fault
		return true
	case engine.CloseCode:
		k.conn.wg.Go(func() { _ = k.conn.conn.Close(websocket.StatusCode(k.fault.Code), "") }) // that is the fault
		return true
	case engine.ErrorFrame:
		id := k.id
		if k.fault.Session {
			id = ""
		}
		k.conn.sendError(k.fault.Name, "", id)
		return true
	case engine.Garbage:
		engine.SendGarbage(k.conn.conn)
		return true
	}
	return false
}

// noChunk is the chunk of a request on /ws/tts, which has none.
const noChunk = -1

// sendWords sends a chunk's word times: from the chunk's start, with offsets into the text as normalized. Where a
// number was spelled out, that text is not known here, and its words follow each other by single spaces.
// Times count from the chunk, not from the context: a client adds the length of the chunks before. score is 1.0 in all that the
// vendor sends. An older edition says that times come 50 to 200 ms after their audio.
func (k *speechContext) sendWords(spoken voice.Spoken, text string, chunk int) {
	if !k.settings.WordTimestamps || len(spoken.Words) == 0 {
		return
	}
	words := make([]engine.Object, 0, len(spoken.Words))
	at := 0 // code points of text
	for _, w := range spoken.Words {
		n := utf8.RuneCountInString(w.Text)
		rest := string([]rune(text)[min(at, utf8.RuneCountInString(text)):])
		if i := strings.Index(rest, w.Text); i >= 0 {
			at += utf8.RuneCountInString(rest[:i])
		}
		words = append(words, engine.Object{
			"word": w.Text, "start_ms": w.Start.Milliseconds(), "end_ms": w.End.Milliseconds(),
			"char_start": at, "char_end": at + n, "score": 1.0,
		})
		at += n
	}
	o := engine.Object{"word_timestamps": words}
	if chunk != noChunk {
		o["chunk_id"] = chunk
	}
	k.send(o)
}

// sendLate is the audio that was under way when the context was closed.
func (k *speechContext) sendLate() {
	format, _ := k.settings.format()
	for range k.conn.quirks.lateFrames {
		const late = 960 // bytes of silence, 20 ms at 24 kHz: what they sound like is not looked at
		k.sendFrame(make([]byte, late), format, max(0, k.chunk-1))
	}
}
