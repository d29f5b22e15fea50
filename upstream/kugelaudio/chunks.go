package kugelaudio

import "voicerelay/upstream"

// chunkLocked is the chunk of that id, -1 for the latest.
func (s *stream) chunkLocked(id int64) *chunk {
	if id < 0 {
		id = s.clock.latest()
	}
	if !s.clock.knows(id) {
		s.clock.Fill(s.Sink()) // each chunk begins with a whole sample
	}
	piece := s.piece
	if len(s.parts.owed) > 0 {
		piece = s.parts.owed[0].id
	}
	return s.clock.chunk(id, piece)
}

// begin notes where a chunk begins, and which text it has. That is all that tells how the vendor has cut the text, so it
// is what pieces are ended by.
func (s *stream) begin(id int64, text string) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return
	}
	if c := s.chunkLocked(id); c.end == 0 && !c.complete {
		c.from, c.end, c.of = s.parts.begin(text)
	}
	s.awaitLocked()
}

// complete notes that all audio of a chunk has come.
func (s *stream) complete(id int64) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return
	}
	c := s.chunkLocked(id)
	c.complete = true
	s.parts.blind = s.parts.blind || c.end == c.from
	s.advanceLocked()
	s.awaitLocked()
}

// words hands word times on.
func (s *stream) words(id int64, times []wordTime) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || len(times) == 0 {
		return
	}
	in := s.chunkLocked(id)
	words := make([]upstream.Word, len(times))
	for i, w := range times {
		s.worded = max(s.worded, in.pieceOf(w))
		start, end := s.clock.span(in, w)
		words[i] = upstream.Word{Text: w.Word, Piece: s.worded, Start: start, End: end, Score: -1}
		if w.Score != nil {
			words[i].Score = *w.Score
		}
	}
	s.Sink().Words(words)
	s.advanceLocked()
}

// advanceLocked ends the pieces that chunks have spoken.
func (s *stream) advanceLocked() {
	if n := s.parts.through(s.clock.through()); n > 0 {
		s.endPiecesLocked(n)
	}
}

// final ends the pieces that were flushed first: it says that every frame of the text before that flush has been sent
// (KugelAudio reference, contexts).
func (s *stream) final() {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return
	}
	if n := s.parts.final(); n > 0 {
		s.endPiecesLocked(n)
	}
	s.awaitLocked()
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	s.clock.Fill(s.Sink())
	s.piece = s.parts.end(n)
	s.Sink().PieceEnd(s.piece)
}
