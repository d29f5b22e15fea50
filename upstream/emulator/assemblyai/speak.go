package assemblyai

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// speaker is what a session's speaker keeps from text to text.
type speaker struct {
	samples int64    // of the session, generated at the native rate
	current *request // that a Cancel would stop; nil: none
	rest    []byte   // audio that was under way when it was stopped
	waits   object   // WordBoundaries that are to come yet; nil: none
	pacer   engine.Pacer
}

// speak does what is ordered, until the session is over.
func (s *session) speak(ctx context.Context) {
	for ctx.Err() == nil {
		item, speech, ok := s.pop(ctx)
		if !ok {
			s.await(ctx)
			continue
		}
		if !s.do(speech, item) && speech.Err() == nil {
			s.quiet(item)
			continue
		}
		s.done()
		if !s.answer(ctx, item) {
			return
		}
	}
}

// await waits for something to do. WordBoundaries that are late come at last.
func (s *session) await(ctx context.Context) {
	var late <-chan time.Time
	if s.waits != nil {
		timer := time.NewTimer(wordsWait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-late:
		s.sendWaiting()
	}
}

// pop takes a job, with a context that a Cancel ends.
func (s *session) pop(ctx context.Context) (item job, speech context.Context, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return item, nil, false
	}
	item, s.queue = s.queue[0], s.queue[1:]
	speech, s.halt = context.WithCancel(ctx)
	s.running = item.request
	return item, speech, true
}

// done ends what a Cancel would stop.
func (s *session) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.halt()
	s.halt, s.running = nil, nil
}

// quiet ends a request that met its fault.
func (s *session) quiet(item job) {
	item.request.dead = true
	s.done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finishLocked(item.request)
}

// do speaks a text, and reports whether nothing went wrong.
// The characters are charged when speech begins; of what can't be spoken none are (docs).
func (s *session) do(ctx context.Context, item job) bool {
	r := item.request
	if r == nil || r.dead {
		return true
	}
	if s.current != r {
		s.current, r.start = r, s.samples
	}
	if s.broken(ctx, r) {
		return false
	}
	characters := utf8.RuneCountInString(item.text)
	s.mu.Lock()
	s.unspoken = max(0, s.unspoken-characters)
	s.mu.Unlock()
	if !engine.Speakable(item.text) {
		return true
	}
	s.bill(r, characters)
	return s.voice(ctx, r, item.text)
}

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
