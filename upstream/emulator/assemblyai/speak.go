package assemblyai

import (
	"context"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// bill charges characters, or takes them back.
func (s *session) bill(r *request, characters int) {
	r.billed += characters
	s.mu.Lock()
	s.billed += characters
	s.mu.Unlock()
	s.server.Stream(r.index, func(st *engine.Stream) { st.Charge += int64(characters) * charMicros })
}

// voice sends a text's audio, and reports whether that is all of it.
func (s *session) voice(ctx context.Context, r *request, text string) bool {
	o := s.server.Options()
	spoken := s.server.Say(ctx, text, true, o.Seed+uint64(s.samples), 1)
	switch r.fault.Kind {
	case engine.Empty:
		return true
	case engine.WrongLength:
		spoken = engine.CutShort(spoken, r.fault)
	}
	delay := o.FirstAudio
	if r.fault.Kind == engine.Late && !r.spoke {
		delay += r.fault.After
	}
	r.spoke = true
	if !engine.Pause(ctx, delay) {
		return false
	}
	raw, err := engine.Encode(spoken.PCM, s.settings.format)
	if err != nil {
		s.fail(failure{code: serverError, kind: "internal_error", text: "Internal error."})
		return false
	}
	if s.settings.words {
		r.words = append(r.words, words(engine.Characters(text, spoken, true), audio.Duration(s.samples, engine.NativeRate))...)
	}
	return s.sendAll(ctx, r, raw, int64(len(spoken.PCM)))
}

// sendAll sends audio at the options' pace, and reports whether nothing went wrong.
func (s *session) sendAll(ctx context.Context, r *request, raw []byte, samples int64) bool {
	s.pacer.Pace = s.server.Options().Pace
	if r.fault.Kind == engine.Slow {
		s.pacer.Pace = 0.5
	}
	s.pacer.Resume()
	start, before, f, size := s.samples, r.samples, s.settings.format, s.chunkSize(r)
	for s.rest = raw; len(s.rest) > 0; {
		n := min(size, len(s.rest))
		if !s.pacer.Wait(ctx, audio.Duration(int64(n/f.BytesPerSample()), f.Rate)) {
			return false
		}
		generated := samples * int64(len(raw)-len(s.rest)+n) / int64(len(raw))
		s.generated(r, start+generated, before+generated)
		s.sendAudio(r, n)
		s.sendWaiting()
		if s.broken(ctx, r) {
			return false
		}
	}
	return true
}

// generated notes that so many samples have been generated in the session, and of the request.
func (s *session) generated(r *request, all, samples int64) {
	s.samples, r.samples = all, samples
	s.server.Stream(r.index, func(st *engine.Stream) { st.Audio = audio.Duration(samples, engine.NativeRate) })
}

// chunkSize is the bytes of a message's audio. That a sample is whole in each is not documented.
func (s *session) chunkSize(r *request) int {
	f := s.settings.format
	size := max(1, int(audio.Samples(s.quirks.chunk, f.Rate))) * f.BytesPerSample()
	if s.quirks.oddChunks || r.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

func (s *session) sendAudio(r *request, n int) {
	s.send(object{"type": "Audio", "flush_id": r.number, "audio": engine.ToBase64(s.rest[:n])})
	s.rest = s.rest[n:]
}

// sendWaiting sends WordBoundaries that wait.
func (s *session) sendWaiting() {
	if s.waits != nil {
		s.send(s.waits)
		s.waits = nil
	}
}

// broken plays the fault when its time has come. It reports whether the request is over, by that or by ctx.
func (s *session) broken(ctx context.Context, r *request) bool {
	if audio.Duration(r.samples, engine.NativeRate) < r.fault.After {
		return ctx.Err() != nil
	}
	switch r.fault.Kind {
	case engine.Stall:
		<-ctx.Done() // the client cancels, or leaves
	case engine.Drop:
		_ = s.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		s.wg.Go(func() { _ = s.socket.Close(websocket.StatusCode(r.fault.Code), "") }) // that is the fault
		<-ctx.Done()                                                                   // nothing comes after it
	case engine.ErrorFrame:
		s.wg.Go(func() { s.fail(faultFailure(r.fault)) })
		<-ctx.Done()
	case engine.Garbage:
		engine.SendGarbage(s.socket)
	default:
		return ctx.Err() != nil
	}
	return true
}
