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

// itemLocked is the item of that id, new where it is not known.
func (s *stream) itemLocked(id []byte) *item {
	for i := len(s.items) - 1; i >= 0; i-- {
		if s.items[i].id == string(id) {
			return s.items[i]
		}
	}
	if len(s.items) == keptItems {
		s.items = s.items[1:]
	}
	it := &item{id: string(id)}
	s.items = append(s.items, it)
	return it
}

// beginLocked notes that an item's audio begins. A context's items are spoken one after another, so it is of the
// oldest piece that is owed.
func (s *stream) beginLocked(it *item) {
	it.begun = true
	it.start = s.clock.Now()
	it.piece = s.ended.id
	if s.owesSpeechLocked() {
		it.piece = s.owed[0].id
	}
	s.open++
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

// spokenLocked hands on the times of words of an item that has begun, and counts them for their piece. No word starts
// before the one before it, nor is of an earlier piece.
func (s *stream) spokenLocked(it *item, times []wordTime) {
	if len(times) == 0 {
		return
	}
	it.place(times[0])
	of := s.pieceLocked(it.piece)
	s.spokenPiece = max(s.spokenPiece, it.piece)
	words := make([]upstream.Word, len(times))
	for i, w := range times {
		start, end := s.clock.Span(it.origin+w.start, it.origin+w.end)
		words[i] = upstream.Word{Text: w.text, Piece: s.spokenPiece, Start: start, End: end, Score: -1}
		s.tally.heard += letters(w.text)
		if of != nil {
			of.hear(w.text)
		}
	}
	s.Sink().Words(words)
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
