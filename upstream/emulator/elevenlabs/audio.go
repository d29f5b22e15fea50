package elevenlabs

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// say speaks a text, until ctx ends or a fault ends the context.
// The characters are charged when speech begins: the vendor bills those of the input, in credits, and says nothing of it on
// the socket.
func (k *speechContext) say(ctx context.Context, text string) {
	if k.breaks() {
		return
	}
	k.charge(0, int64(utf8.RuneCountInString(text)))
	spoken := k.generate(ctx, text)
	delay := k.conn.server.Options().FirstAudio
	if k.fault.Kind == engine.Late && !k.voice.spoken {
		delay += k.fault.After
	}
	k.voice.spoken = true
	if !engine.Pause(ctx, delay) {
		return
	}
	k.voice.pacer = engine.Pacer{Pace: k.voice.pacer.Pace, Began: time.Now()}
	if k.fault.Kind == engine.WrongLength {
		text = firstWords(text, len(spoken.Words)) // of what is not spoken no times are told
	}
	segment := k.newSegment(text, spoken)
	for segment.at < int64(len(spoken.PCM)) && k.sendNext(ctx, &segment) {
		if k.breaks() {
			return
		}
	}
}

// generate is a text's speech, spoiled where that is the fault.
func (k *speechContext) generate(ctx context.Context, text string) voice.Spoken {
	o := k.conn.server.Options()
	spoken := k.conn.server.Say(ctx, text, k.conn.address.normalizes, o.Seed+uint64(k.voice.characters), k.speed)
	switch k.fault.Kind {
	case engine.Empty:
		return voice.Spoken{}
	case engine.WrongLength:
		return k.cutShort(spoken)
	}
	return spoken
}

// cutShort is what is left of a text where the context ends long before all of its text: nothing, once that has been spoken.
func (k *speechContext) cutShort(spoken voice.Spoken) voice.Spoken {
	rest := k.fault
	rest.After -= audio.Duration(k.voice.samples, engine.NativeRate)
	if k.voice.samples > 0 && rest.After <= 0 {
		return voice.Spoken{}
	}
	return engine.CutShort(spoken, rest)
}

// firstWords is the beginning of a text.
func firstWords(text string, n int) string {
	fields := strings.Fields(text)
	return strings.Join(fields[:min(n, len(fields))], " ")
}

// charge counts generated audio, at the native rate, and the characters that the vendor bills.
func (k *speechContext) charge(samples, characters int64) {
	k.voice.samples += samples
	k.voice.characters += characters
	k.conn.server.Stream(k.index, func(s *engine.Stream) {
		s.Audio = audio.Duration(k.voice.samples, engine.NativeRate)
		s.Charge = k.voice.characters * charMicros
	})
}

// sendNext sends a segment's next frame when its time has come. It reports false where ctx ends before.
func (k *speechContext) sendNext(ctx context.Context, s *segment) bool {
	end := s.frameEnd(audio.Samples(k.conn.quirks.chunk, engine.NativeRate))
	if !k.voice.pacer.Wait(ctx, audio.Duration(end-s.at, engine.NativeRate)) {
		return false
	}
	encoded := k.encode(s.pcm[s.at:end])
	k.charge(end-s.at, 0)
	if len(encoded) > 0 { // a compressing encoder may wait for more
		asWritten, asSpoken := s.alignments(end)
		k.sendChunk(encoded, asWritten, asSpoken)
	}
	s.at = end
	return true
}

// encode is a frame's bytes, which end within a sample where that is drawn, or the fault.
// The bytes of a context are one stream: a compressing encoder goes on from frame to frame, and its tail comes at the end.
func (k *speechContext) encode(pcm []int16) []byte {
	encoded := append(k.voice.held, k.voice.encoder.Encode(pcm)...)
	k.voice.held = nil
	odd := k.conn.quirks.oddChunks || k.fault.Kind == engine.OddChunks
	if last := len(encoded) - 1; odd && last%2 == 1 {
		k.voice.held = encoded[last:]
		return encoded[:last]
	}
	return encoded
}

// sendLate sends what was under way when the context was closed.
// A close can't call back what is on its way: clients have to drop chunks of an id that they have closed.
func (k *speechContext) sendLate() {
	silence := make([]int16, engine.NativeRate/50)
	for range k.conn.quirks.lateChunks {
		k.sendChunk(k.encode(silence), nil, nil)
	}
}

// sendChunk sends encoded audio, of which there may be none. A nil alignment is none.
func (k *speechContext) sendChunk(encoded []byte, asWritten, asSpoken engine.Object) {
	if len(encoded) == 0 {
		return
	}
	k.conn.send(k.conn.wire.chunk(engine.ToBase64(encoded), asWritten, asSpoken), k.id)
}

// breaks plays the fault when its time has come, and reports whether the context stops for it.
// A stall goes on until the client closes the context once more: Pipecat sends a second close_context at a barge-in, and that
// must free the context's place among the five.
func (k *speechContext) breaks() bool {
	if audio.Duration(k.voice.samples, engine.NativeRate) < k.fault.After {
		return false
	}
	switch k.fault.Kind {
	case engine.Stall:
		k.voice.stalled = true
	case engine.Drop:
		k.conn.stop()
		_ = k.conn.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		k.conn.close(k.fault.Code)
	case engine.ErrorFrame:
		id := k.id
		if k.fault.Session {
			id = ""
		}
		k.conn.fail(named(k.fault.Name), id)
	case engine.Garbage:
		k.voice.dead = true
		engine.SendGarbage(k.conn.socket)
	default:
		return false
	}
	return true
}
