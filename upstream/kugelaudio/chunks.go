package kugelaudio

import (
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

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

// audio hands audio on. Its error is that of a frame which is not of the protocol.
func (s *stream) audio(p packet) *upstream.Error {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return nil
	}
	format, ok := s.formatLocked(p)
	if !ok {
		return upstream.GarbledError("the vendor sent audio of an unknown format")
	}
	if c := s.chunkLocked(p.chunk); c.end == 0 && !s.parts.blind {
		s.unannouncedLocked()
	}
	f := upstream.Frame{Format: format, Base64: p.base64}
	s.clock.Add(f)
	s.Sink().Audio(f)
	return nil
}

// formatLocked is the format that a packet says it has, in doubt that of the audio before.
func (s *stream) formatLocked(p packet) (audio.Format, bool) {
	f := s.clock.Format
	switch string(p.enc) {
	case "":
	case "pcm_s16le":
		f.Encoding = audio.PCM16
	case "mulaw":
		f.Encoding = audio.MuLaw
	case "alaw":
		f.Encoding = audio.ALaw
	default:
		return f, false
	}
	if p.rate != 0 {
		f.Rate = int(p.rate)
	}
	return f, f.Validate() == nil
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

// contextClosed is the vendor's last word on the context.
func (s *stream) contextClosed(u *usage) {
	s.Lock()
	defer s.Unlock()
	if !s.LastLocked() && !s.SilentLocked() {
		s.endLocked(u.charged(), &upstream.Error{Kind: upstream.Dropped, Message: "the vendor closed the context"}, true)
		return
	}
	s.finishLocked(u.charged())
}

// unannouncedLocked takes note of audio without a word of what text it is: only flushes tell where a piece ends.
func (s *stream) unannouncedLocked() {
	s.parts.blind = true
	s.turns.waited(time.Now())
	s.awaitLocked()
}
