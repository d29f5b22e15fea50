package soniox

import (
	"context"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// say speaks a text, and reports whether that is all of it.
func (k *stream) say(ctx context.Context, text string) bool {
	if k.broken(ctx) {
		return false
	}
	if !engine.Speakable(text) {
		return true
	}
	server := k.conn.server
	spoken := server.Say(ctx, text, true, server.Options().Seed+uint64(k.samples), k.settings.speed)
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
	var times []engine.Character
	if k.settings.times {
		times = engine.Characters(k.preprocessed(text), spoken, true)
	}
	return k.sendAll(ctx, spoken.PCM, times)
}

// sendAll sends audio at the options' pace with its times, and reports whether nothing went wrong.
func (k *stream) sendAll(ctx context.Context, pcm []int16, times []engine.Character) bool {
	raw, err := engine.Encode(pcm, k.settings.format)
	if err != nil {
		k.fail(failure{500, "Internal error."})
		return false
	}
	t := teller{origin: k.samples, left: times, atOnce: k.conn.quirks.timesAtOnce}
	k.pacer.Resume()
	size, f := k.chunkSize(), k.settings.format
	for k.rest = raw; len(k.rest) > 0; {
		n := min(size, len(k.rest))
		if !k.pacer.Wait(ctx, audio.Duration(int64(n/f.BytesPerSample()), f.Rate)) {
			return false
		}
		sent := len(raw) - len(k.rest) + n
		k.generated(t.origin + int64(len(pcm))*int64(sent)/int64(len(raw)))
		k.sendChunk(n, t.until(k.samples))
		if k.broken(ctx) {
			return false
		}
		if k.killed() {
			k.old = true
			return false
		}
	}
	return ctx.Err() == nil
}

// generated notes that so many samples have been generated in all, which is what is charged.
func (k *stream) generated(samples int64) {
	k.samples = samples
	k.conn.server.Stream(k.index, func(s *engine.Stream) {
		s.Audio = audio.Duration(samples, engine.NativeRate)
		const hour = 3600 * engine.NativeRate // samples
		s.Charge = (samples*hourMicros + hour/2) / hour
	})
}

// chunkSize is the bytes of a message's audio. No size is documented, nor that a sample is whole in each.
func (k *stream) chunkSize() int {
	f := k.settings.format
	size := max(1, int(audio.Samples(k.conn.quirks.chunk, f.Rate))) * f.BytesPerSample()
	if k.conn.quirks.oddChunks || k.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

// sendChunk sends the next bytes with the times of what is in them, or keeps them for the stream's last message.
// One message may have audio, times and audio_end (SDK). Whether times come before their audio is not documented.
func (k *stream) sendChunk(n int, times engine.Object) {
	raw := k.rest[:n]
	k.rest = k.rest[n:]
	if k.settings.wav && !k.spoke {
		raw = append(audio.WAVHeader(k.settings.format.Rate), raw...)
	}
	k.spoke = true
	chunk := engine.Object{"audio": engine.ToBase64(raw)}
	when := k.conn.quirks.times
	if times != nil && when == "before" {
		k.conn.send(k.id, engine.Object{"timestamps": times})
	}
	if times != nil && when == "with" {
		chunk["timestamps"] = times
	}
	if k.conn.quirks.endWithAudio && len(k.rest) == 0 && k.spent() {
		if times != nil && when == "after" {
			chunk["timestamps"] = times // there is no audio after audio_end for them to follow
		}
		k.last = chunk
		return
	}
	k.conn.send(k.id, chunk)
	if times != nil && when == "after" {
		k.conn.send(k.id, engine.Object{"timestamps": times})
	}
}

// sendLate sends what was under way when the stream was cancelled.
// That nothing comes between a cancel and its terminated is not documented.
func (k *stream) sendLate() {
	for range k.conn.quirks.lateFrames {
		n := min(k.chunkSize(), len(k.rest))
		if n == 0 {
			return
		}
		k.conn.send(k.id, engine.Object{"audio": engine.ToBase64(k.rest[:n])})
		k.rest = k.rest[n:]
	}
}

// broken plays the fault when its time has come. It reports whether the stream is over, by that or by ctx.
func (k *stream) broken(ctx context.Context) bool {
	if audio.Duration(k.samples, engine.NativeRate) < k.fault.After {
		return ctx.Err() != nil
	}
	switch k.fault.Kind {
	case engine.Stall:
		<-ctx.Done() // the client cancels the stream, or leaves
	case engine.Drop:
		_ = k.conn.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		k.conn.wg.Go(func() { _ = k.conn.socket.Close(websocket.StatusCode(k.fault.Code), "") }) // that is the fault
	case engine.ErrorFrame:
		k.breakBy(faultFailure(k.fault))
	case engine.Garbage:
		engine.SendGarbage(k.conn.socket)
	default:
		return ctx.Err() != nil
	}
	return true
}

// breakBy ends the stream by a fault's error, or the connection where that is asked for.
func (k *stream) breakBy(e failure) {
	if k.fault.Session {
		k.conn.fail("", e)
		k.conn.wg.Go(k.conn.close)
		return
	}
	k.leave()
	k.conn.refuse(k.id, e)
}
