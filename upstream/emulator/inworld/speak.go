package inworld

import (
	"context"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// say speaks a generation's text.
// The characters are charged when speech begins; whether those of a generation that is cancelled are is not documented.
func (k *speechContext) say(ctx context.Context, item job) {
	if !k.turn.Take(ctx, k.conn.turns) {
		return
	}
	defer k.turn.Give()
	if k.broken(ctx) || !engine.Speakable(item.text) {
		return
	}
	count := characters(item.text)
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Charge += int64(count) * charMicros(item.settings.model) })
	server := k.conn.server
	spoken := server.Say(ctx, item.text, item.settings.normalize, server.Options().Seed+uint64(k.samples), item.settings.speed)
	switch k.fault.Kind {
	case engine.Empty:
		return
	case engine.WrongLength:
		spoken = engine.CutShort(spoken, k.fault)
	}
	delay := server.Options().FirstAudio
	if k.fault.Kind == engine.Late && !k.spoke {
		delay += k.fault.After
	}
	k.spoke = true
	if engine.Pause(ctx, delay) {
		k.sendAll(ctx, item, spoken.PCM, timesOf(item, spoken))
		k.characters += count
	}
}

// sendAll sends audio at the options' pace with its times.
func (k *speechContext) sendAll(ctx context.Context, item job, pcm []int16, times teller) {
	raw, err := engine.Encode(pcm, item.settings.format)
	if err != nil {
		k.conn.failContext(k.id, failure{internal, "Internal error"})
		return
	}
	start, f := k.samples, item.settings.format
	size := k.chunkSize(f)
	k.counted = 0
	k.pacer.Resume()
	for k.rest = raw; len(k.rest) > 0; {
		n := min(size, len(k.rest))
		if !k.pacer.Wait(ctx, audio.Duration(int64(n/f.BytesPerSample()), f.Rate)) {
			return
		}
		sent := len(raw) - len(k.rest) + n
		k.generated(start + int64(len(pcm))*int64(sent)/int64(len(raw)))
		k.sendChunk(item, n, characters(item.text)*sent/len(raw), times.next(audio.Duration(k.samples-start, engine.NativeRate), k.conn.quirks))
		if k.broken(ctx) {
			return
		}
	}
	if rest := times.rest(); rest != nil {
		k.sendTimes(item, rest)
	}
}

// generated notes that so many samples have been generated in all.
func (k *speechContext) generated(samples int64) {
	k.samples = samples
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Audio = audio.Duration(samples, engine.NativeRate) })
}

// chunkSize is the bytes of a chunk. No size is documented, nor that a sample is whole in each.
func (k *speechContext) chunkSize(f audio.Format) int {
	size := max(1, int(audio.Samples(k.conn.quirks.chunk, f.Rate))) * f.BytesPerSample()
	if k.conn.quirks.oddChunks || k.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

// sendChunk sends the next bytes. So many characters of the generation have been spoken with them.
func (k *speechContext) sendChunk(item job, n, spoken int, times engine.Object) {
	raw := k.rest[:n]
	k.rest = k.rest[n:]
	if item.settings.headers {
		raw = append(audio.WAVHeader(item.settings.format.Rate), raw...)
	}
	chunk := engine.Object{"audioContent": engine.ToBase64(raw), "usage": k.usage(item, spoken)}
	if times != nil {
		chunk["timestampInfo"] = times
	}
	k.conn.send(k.id, "audioChunk", chunk)
}

// sendTimes sends times without audio, as ASYNC may.
func (k *speechContext) sendTimes(item job, times engine.Object) {
	chunk := engine.Object{"usage": k.usage(item, k.counted), "timestampInfo": times}
	if k.conn.quirks.emptyContent {
		chunk["audioContent"] = ""
	}
	k.conn.send(k.id, "audioChunk", chunk)
}

// usage is what a chunk says of usage.
// Whether its count is of the chunk or of all so far is not documented.
func (k *speechContext) usage(item job, spoken int) engine.Object {
	count := spoken - k.counted
	if k.conn.quirks.running {
		count = k.characters + spoken
	}
	k.counted = spoken
	return engine.Object{"processedCharactersCount": count, "modelId": item.settings.model}
}

// sendLate sends what was under way when the context was cancelled.
func (k *speechContext) sendLate() {
	k.mu.Lock()
	settings := k.settings
	k.mu.Unlock()
	for range k.conn.quirks.lateFrames {
		n := min(k.chunkSize(settings.format), len(k.rest))
		if n == 0 || k.dead {
			return
		}
		k.sendChunk(job{settings: settings}, n, k.counted, nil)
	}
}

// broken plays the fault when its time has come. It reports whether the generation is over, by that or by ctx.
func (k *speechContext) broken(ctx context.Context) bool {
	if audio.Duration(k.samples, engine.NativeRate) < k.fault.After {
		return ctx.Err() != nil
	}
	switch k.fault.Kind {
	case engine.Stall:
		k.turn.Give() // the others go on
		<-ctx.Done()  // the client cancels the context, or leaves
	case engine.Drop:
		_ = k.conn.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		k.conn.closed.Store(true)
		k.conn.wg.Go(func() { _ = k.conn.socket.Close(websocket.StatusCode(k.fault.Code), "") }) // that is the fault
	case engine.ErrorFrame:
		k.breakBy(faultFailure(k.fault))
	case engine.Garbage:
		engine.SendGarbage(k.conn.socket)
	default:
		return ctx.Err() != nil
	}
	k.dead = true
	return true
}

// breakBy ends the context by a fault's error, or has one of no context told.
// What becomes of a context whose status is no good is not documented.
func (k *speechContext) breakBy(why failure) {
	switch {
	case !k.fault.Session:
		k.conn.failContext(k.id, why)
		if k.conn.quirks.failureCloses {
			k.closed()
		}
	default:
		k.conn.fail(why)
		if k.conn.quirks.errorCloses {
			k.conn.wg.Go(k.conn.close)
		}
	}
	k.leave()
}
