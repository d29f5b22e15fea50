package uplift

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// Bounds of what a client may have under way; the reference has none.
const (
	maxOpen = 256 // requests that are spoken or wait; more are answered by rate_limit_exceeded
	maxID   = 256 // bytes of a requestId, since each is remembered
)

// session is one client: its requests, which are spoken side by side.
type session struct {
	line

	wg sync.WaitGroup // the requests' speakers

	// Owned by the reader.
	used      map[string]bool // ids; the limit on requests bounds its growth
	syntheses window
	cancels   window

	mu   sync.Mutex // guards what follows
	open map[string]*request
}

func newSession(life context.Context, u *emulator, t transport) *session {
	s := &session{
		line: line{emulator: u, transport: t, slots: make(chan struct{}, u.quirks.parallel)},
		used: make(map[string]bool), open: make(map[string]*request),
		syntheses: window{limit: synthesesPerMinute, fixed: u.quirks.fixedWindow, countsRefused: u.quirks.countsRefused},
		cancels:   window{limit: cancelsPerMinute, fixed: u.quirks.fixedWindow, countsRefused: u.quirks.countsRefused},
	}
	s.life, s.end = context.WithCancel(life)
	return s
}

// stop ends every request and waits for it.
func (s *session) stop() {
	s.end()
	s.wg.Wait()
}

// ready is the first message.
// It comes once, after the key has been checked. The SDK waits for it, Pipecat's service does not: requests are taken at once.
func (s *session) ready() {
	s.send(engine.Object{"type": "ready", "sessionId": s.nextID("session_")})
}

// take applies a message of a type, which is the plain message's own or the Socket.IO event's name.
// Over Socket.IO the event's name counts, though the message repeats it as its type.
func (s *session) take(kind string, data []byte) {
	var f frame
	err := json.Unmarshal(data, &f)
	switch {
	case kind == "cancel" && err == nil:
		s.cancel(f.RequestID)
	case kind == "synthesize" && err == nil:
		s.synthesize(f)
	case err != nil:
		s.fail("synthesis_failed", "Invalid message", f.RequestID)
	case !s.quirks.ignoresUnknown:
		s.fail("synthesis_failed", "Unknown message type", f.RequestID)
	}
}

// synthesize begins a request, or answers why not. A refused request leaves the connection as it is.
// That the connection goes on after an error is an assumption, and clients rely on it.
func (s *session) synthesize(f frame) {
	if !s.syntheses.take(time.Now()) || s.full() {
		s.fail("rate_limit_exceeded", "", f.RequestID)
		return
	}
	if code, message := s.refusal(f); code != "" {
		s.fail(code, message, f.RequestID)
		return
	}
	s.used[f.RequestID] = true
	ctx, stop := context.WithCancel(s.life)
	r := newRequest(&s.line, f, stop)
	s.mu.Lock()
	s.open[f.RequestID] = r
	s.mu.Unlock()
	s.wg.Go(func() {
		defer s.retire(r)
		r.run(ctx)
	})
}

// refusal is why a request can't be spoken; an empty code: it can.
// An id may not be used again on its connection, be its request over or not (Uplift's docs, WebSocket TTS). There is no code
// for a field that is missing, so synthesis_failed stands for that.
func (s *session) refusal(f frame) (code, message string) {
	limit := maxText
	if s.quirks.shortVoices && f.VoiceID != defaultVoice {
		limit = shortText
	}
	_, known := formats()[f.OutputFormat]
	switch {
	case f.RequestID == "" || len(f.RequestID) > maxID:
		return "synthesis_failed", "requestId is required"
	case s.used[f.RequestID]:
		return "duplicate_request", ""
	case utf8.RuneCountInString(f.Text) > limit:
		return "text_too_long", ""
	case strings.TrimSpace(f.Text) == "":
		return "synthesis_failed", "text is required"
	case f.VoiceID == "":
		return "synthesis_failed", "voiceId is required"
	case f.OutputFormat == kindOgg:
		return "synthesis_failed", kindOgg + " can't be streamed"
	case !known:
		return "synthesis_failed", "Unknown outputFormat"
	}
	return "", ""
}

// cancel ends a request without an answer. One that has ended, or never was, is ignored but counted.
// Cancels have a limit of their own, 100 a minute. What a cancel of an unknown id does is not documented.
func (s *session) cancel(id string) {
	s.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
	if !s.cancels.take(time.Now()) {
		s.fail("rate_limit_exceeded", "", id)
		return
	}
	s.mu.Lock()
	r := s.open[id]
	s.mu.Unlock()
	if r != nil {
		r.stop()
	}
}

// retire takes a request that has ended off the session.
func (s *session) retire(r *request) {
	r.stop()
	s.mu.Lock()
	delete(s.open, r.id)
	s.mu.Unlock()
	s.server.Finish(r.index)
}

func (s *session) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) >= maxOpen
}

func (s *session) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) > 0
}

// window limits what a client does within a minute.
// The page has 60 requests and 100 cancels a minute for a connection, and not how the minute is counted.
type window struct {
	limit         int
	fixed         bool // all are forgotten a minute after the first of them, rather than each a minute after itself
	countsRefused bool

	times []time.Time // of what counts, at most limit of them
}

// take reports whether one more is allowed, and counts it.
func (w *window) take(now time.Time) bool {
	past := func(t time.Time) bool { return now.Sub(t) >= time.Minute }
	switch {
	case w.fixed && len(w.times) > 0 && past(w.times[0]):
		w.times = nil
	case !w.fixed:
		w.times = slices.DeleteFunc(w.times, past)
	}
	if len(w.times) < w.limit {
		w.times = append(w.times, now)
		return true
	}
	if w.countsRefused && !w.fixed {
		w.times = append(w.times[1:], now)
	}
	return false
}
