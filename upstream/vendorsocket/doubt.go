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
		mux.pool.doubt(mux)
	case !s.answered.Load(): // as where another target was faster, which says little
		mux.socket.Probe()
	}
}

// doubt retires a socket that is taken for dead, and doubts all others.
func (p *Pool) doubt(dead *Mux) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.muxes {
		m.mu.Lock()
		m.retired = m.retired || m == dead
		m.doubt = doubt{true, m.socket.frames.Load(), m.socket.pongs.Load()}
		m.mu.Unlock()
		m.socket.Probe()
	}
	p.cfg.Log.Warn().Int("sockets", len(p.muxes)).Msg("vendor socket given up: nothing came on it")
}
