package zeligate

import (
	"context"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// engage waits for an engine, where the stream has none, and reports false where ctx ends before.
// An engine speaks for one stream at a time, and a second socket waits; there are more engines only with more GPUs behind a
// router (Zeligate's docs). So a slow first audio may mean a busy engine. How long a stream holds it is not documented.
func (s *speaker) engage(ctx context.Context) bool {
	if s.voice.engaged {
		return true
	}
	select {
	case s.engines <- struct{}{}:
		s.voice.engaged = true
	case <-ctx.Done():
	}
	return s.voice.engaged
}

// release frees the engine for the next that waits.
func (s *speaker) release() {
	if s.voice.engaged {
		<-s.engines
		s.voice.engaged = false
	}
}

// say speaks one chunk of text.
func (s *speaker) say(ctx context.Context, text string) (end endReason, over bool) {
	if !s.engage(ctx) {
		return endReason{}, false
	}
	if end, over = s.broken(); over {
		return end, true
	}
	if !s.start(ctx, text) {
		return endReason{}, false
	}
	for len(s.voice.rest) > 0 {
		pcm := s.advance(ctx)
		if pcm == nil {
			return endReason{}, false
		}
		s.sendAudio(s.encode(pcm))
		if end, over = s.broken(); over {
			return end, true
		}
	}
	if s.quirks.hold == holdChunk {
		s.release()
	}
	return endReason{}, false
}

// start has a chunk generated, and reports false where ctx ends before its first audio is due.
func (s *speaker) start(ctx context.Context, text string) bool {
	delay := s.server.Options().FirstAudio
	if s.fault.Kind == engine.Late && s.voice.chunks == 0 {
		delay += s.fault.After
	}
	s.voice.rest = s.generate(ctx, text)
	s.voice.chunks++
	s.voice.pacer = engine.Pacer{Began: time.Now().Add(delay), Pace: s.server.Options().Pace}
	if s.fault.Kind == engine.Slow {
		s.voice.pacer.Pace = 0.5
	}
	return engine.Pause(ctx, delay)
}

// generate is the samples of a text, spoiled where that is the fault.
func (s *speaker) generate(ctx context.Context, text string) []int16 {
	seed := s.server.Options().Seed + uint64(s.voice.chunks)
	pcm := s.server.Say(ctx, text, true, seed, s.speed).PCM
	switch s.fault.Kind {
	case engine.Empty:
		return nil
	case engine.WrongLength:
		return engine.CutShort(voice.Spoken{PCM: pcm}, s.fault).PCM
	}
	return pcm
}

// advance is the samples of the next frame, when their time has come. nil: ctx has ended before.
func (s *speaker) advance(ctx context.Context) []int16 {
	n := min(len(s.voice.rest), int(audio.Samples(s.quirks.chunk, engine.NativeRate)))
	if !s.voice.pacer.Wait(ctx, audio.Duration(int64(n), engine.NativeRate)) {
		return nil
	}
	pcm := s.voice.rest[:n]
	s.voice.rest = s.voice.rest[n:]
	s.count(n)
	return pcm
}

// encode is a frame's bytes, which end within a sample where that is the fault.
// One encoder serves all of the stream, so compressed audio of a flush may come with later text or at the end only. pcm_24000
// is the engine's own, and passes through.
func (s *speaker) encode(pcm []int16) []byte {
	encoded := append(s.voice.held, s.encoder.Encode(pcm)...)
	s.voice.held = nil
	if s.fault.Kind == engine.OddChunks && len(encoded) > 0 {
		last := len(encoded) - 1
		s.voice.held = encoded[last:]
		return encoded[:last]
	}
	return encoded
}

// linger speaks the rest of a chunk that no client hears, as an engine does that does not notice that its client has gone.
// Whether a closed socket stops the engine is not documented. Where it does not, the next stream waits for it.
func (s *speaker) linger() {
	for len(s.voice.rest) > 0 {
		if s.advance(s.server.Context()) == nil {
			return // the server is closing
		}
	}
}

// broken plays the fault when its time has come, and reports whether that ends the stream.
func (s *speaker) broken() (end endReason, over bool) {
	if audio.Duration(s.voice.samples, engine.NativeRate) < s.fault.After {
		return endReason{}, false
	}
	switch s.fault.Kind {
	case engine.Stall:
		s.voice.stalled = true
	case engine.ErrorFrame:
		s.settle(named(s.fault.Name))
	case engine.Drop:
		s.settle(nil)
		end.broken = true
	case engine.CloseCode:
		s.settle(nil)
		end.code = websocket.StatusCode(s.fault.Code)
	case engine.Garbage:
		s.settle(nil)
		engine.SendGarbage(s.conn)
	default:
		return endReason{}, false
	}
	s.voice.rest = nil // the engine has gone too
	return end, true
}
