package vendorsocket

import "voicerelay/upstream"

// Doubt is called before a stream is stopped, with why. Where it was given up for its silence, and nothing at all has come
// from the vendor on its socket since its latest order and its latest frame, the socket may be dead without a sign: it carries
// no further stream, and one whose vendor answers no ping is ended. Then the pool's other sockets may be dead as well: they carry
// none before they have given a sign of life.
func (s *Seat) Doubt(cause error) {
	s.mu.Lock()
	mux := s.mux
	silent := mux != nil && s.began && !s.left && mux.socket.frames.Load() == s.seen.Load()
	s.mu.Unlock()
	if !silent || cause == nil {
		return
	}
	switch kind := upstream.KindOf(cause); {
	case kind == upstream.FirstAudioTimeout, kind == upstream.Stalled:
		mux.suspect()
	case !s.answered.Load(): // as where another target was faster, which says little
		mux.socket.Probe()
	}
}
