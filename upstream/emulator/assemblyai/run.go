package assemblyai

import (
	"context"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

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
