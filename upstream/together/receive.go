package together

import "voicerelay/upstream"

// audio hands audio on. Its error is that of a frame which is not of the protocol.
func (s *stream) audio(p packet) *upstream.Error {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return nil
	}
	s.nameLocked(p.context != nil)
	s.phase = speaking
	it := s.itemLocked(p.item)
	if !it.begun && !it.done {
		s.beginLocked(it)
	}
	f, some, err := it.header.strip(p.base64)
	if err != nil || !some {
		return err
	}
	s.playLocked(f)
	if it.held != nil {
		s.spokenLocked(it, it.held)
		it.held = nil
	}
	if it.done {
		s.concludeLocked() // late audio, which nothing else follows
	}
	return nil
}

// playLocked counts audio and hands it on.
func (s *stream) playLocked(f upstream.Frame) {
	if f.Format != s.clock.Format {
		s.clock.Fill(s.Sink())
	}
	s.clock.Add(f)
	s.Sink().Audio(f)
}

// nameLocked notes whether a frame of an item has named the context.
func (s *stream) nameLocked(named bool) {
	if !named {
		s.naming = unnamed
	}
}

// words hands word times on, or keeps them until their item's audio begins.
func (s *stream) words(f *frame) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return
	}
	s.nameLocked(f.ContextID != nil)
	it := s.itemLocked([]byte(f.ItemID))
	if !it.begun {
		if !it.hold(f.times()) {
			s.endLocked(upstream.GarbledError("the vendor sent far more words than there is text"), true)
		}
		return
	}
	s.spokenLocked(it, f.times())
	s.concludeLocked()
}

// done ends an item, and its piece where it may have been the only one.
func (s *stream) done(f *frame) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return
	}
	s.nameLocked(f.ContextID != nil)
	if s.naming == unproven {
		s.naming = proven
	}
	it := s.itemLocked([]byte(f.ItemID))
	if it.done {
		return
	}
	if !it.begun {
		s.beginLocked(it) // it has no audio
	}
	it.done = true
	s.open--
	s.tally.dones++
	s.clock.Fill(s.Sink())
	if s.owesSpeechLocked() && s.owed[0].id == it.piece && s.owed[0].through() {
		s.endPiecesLocked(1)
	}
	s.concludeLocked()
}
