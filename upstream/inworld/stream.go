package inworld

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var (
	_ upstream.Lingerer   = (*stream)(nil)
	_ vendorsocket.Keeper = (*stream)(nil)
)

// stream is one of our generations, and a context at Inworld.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id     string
	create create

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	clock   upstream.Clock
	start   time.Duration // where the latest flushCompleted was
	phase   phase
	owed    []owed // ordered and not ended
	piece   int    // the latest that ended, for words that come late
	heard   bool   // there has been audio, so that the vendor knows the context
	refused bool   // the vendor has refused to stop, and has been told to close the context
}

// owed is a piece, and how many of its flushes are not answered.
type owed struct{ piece, flushes int }

// phase is what a stream has at the vendor.
type phase int

const (
	noContext      phase = iota
	contextOpen          // it takes more text
	contextClosing       // it takes no more, and its contextClosed is still to come
	contextOver
)

const (
	// threshold is at how many characters the vendor speaks unasked: as many as it takes at all.
	threshold = 1000
	// maxPart is the most text of a flush, in bytes, so that the vendor never has so many characters.
	maxPart = 900
)

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	return s.seat.Send(ctx, frames...)
}

// order notes a piece, and returns what is to be sent.
func (s *stream) order(p upstream.Piece) (frames [][]byte, err error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, err
	}
	if p.Text != "" {
		frames = s.speakLocked(p)
	} else {
		s.owed = append(s.owed, owed{piece: p.ID})
	}
	switch {
	case !p.Last:
	case s.phase == noContext: // no piece had a text
		s.endPiecesLocked(len(s.owed))
		s.endLocked(nil)
	default:
		s.phase = contextClosing
		frames = append(frames, encode(command{CloseContext: &empty{}, ContextID: s.id}))
	}
	return frames, nil
}

// speakLocked are the messages of a piece, after that of the context if it is the first.
func (s *stream) speakLocked(p upstream.Piece) (frames [][]byte) {
	if s.phase == noContext {
		s.phase = contextOpen
		frames = append(frames, encode(command{Create: &s.create, ContextID: s.id}))
	}
	parts := upstream.Parts(p.Text, maxPart)
	for _, text := range parts {
		frames = append(frames, encode(command{SendText: &sendText{Text: text, FlushContext: &empty{}}, ContextID: s.id}))
	}
	s.owed = append(s.owed, owed{piece: p.ID, flushes: len(parts)})
	return frames
}

// KeepAlive is an empty text, which is nothing to speak.
func (s *stream) KeepAlive() []byte {
	s.Lock()
	defer s.Unlock()
	if s.phase != contextOpen || s.SilentLocked() {
		return nil
	}
	return encode(command{SendText: &sendText{}, ContextID: s.id})
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. A context that has not been closed is cancelled there, which the vendor confirms.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if s.stop(cause) {
		told, err = s.seat.Stop(ctx, encode(command{CancelContext: &empty{}, ContextID: s.id}))
	}
	if told && err == nil {
		s.AwaitEnd(ctx)
	}
	s.Lock()
	defer s.Unlock()
	s.seat.Leave(!told || s.phase == contextOver)
	s.endLocked(nil)
	return err
}

// stop silences the stream, and reports whether there is a context to be cancelled.
func (s *stream) stop(cause error) bool {
	s.Lock()
	defer s.Unlock()
	s.StopLocked(cause)
	return s.phase == contextOpen || s.phase == contextClosing
}

// endLocked ends the stream, once. Where the vendor has a context still it keeps its place until Close has told it.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	var used upstream.Usage // the vendor tells no charge
	if s.phase != noContext {
		used.RequestID = s.seat.RequestID(s.id)
	}
	if s.phase == noContext || s.phase == contextOver {
		s.seat.Leave(true)
	}
	s.EndLocked(used, err)
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	if n == 0 {
		return
	}
	s.piece = s.owed[n-1].piece
	s.owed = s.owed[n:]
	s.Sink().PieceEnd(s.piece)
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err)
}

// audio hands audio on, and the times that came with it.
func (s *stream) audio(base64 []byte, times *timestampInfo) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || s.phase == noContext {
		return
	}
	if len(base64) > 0 {
		s.heard = true
		f := upstream.Frame{Format: s.clock.Format, Base64: base64}
		s.clock.Add(f)
		s.Sink().Audio(f)
	}
	if times == nil || times.WordAlignment == nil {
		return
	}
	if words := s.wordsLocked(times.WordAlignment); len(words) > 0 {
		s.Sink().Words(words)
	}
}

// wordsLocked are the vendor's words in the stream's time. Tokens without a letter or digit are none, nor is what has no sound
// time.
func (s *stream) wordsLocked(w *wordAlignment) []upstream.Word {
	of := s.piece
	if len(s.owed) > 0 {
		of = s.owed[0].piece
	}
	words := make([]upstream.Word, 0, len(w.Words))
	for i := range min(len(w.Words), len(w.Starts), len(w.Ends)) {
		start, sane := upstream.Seconds(w.Starts[i])
		end, also := upstream.Seconds(w.Ends[i])
		if !sane || !also || !spoken(w.Words[i]) {
			continue
		}
		start, end = s.clock.Span(s.start+start, s.start+end)
		words = append(words, upstream.Word{Text: strings.TrimSpace(w.Words[i]), Piece: of, Start: start, End: end, Score: -1})
	}
	return words
}

// spoken reports whether a token has something to speak.
func spoken(token string) bool {
	return strings.ContainsFunc(token, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// flushed takes the answer to a flush, which may end a piece. One that answers none ends nothing.
func (s *stream) flushed() {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return
	}
	s.clock.Fill(s.Sink())
	s.start = s.clock.Now()
	if len(s.owed) == 0 || s.owed[0].flushes == 0 {
		return
	}
	if s.owed[0].flushes--; s.owed[0].flushes == 0 {
		s.endPiecesLocked(1)
	}
}

// closed takes the context's end.
func (s *stream) closed() {
	s.Lock()
	defer s.Unlock()
	asked := s.phase == contextClosing
	s.phase = contextOver
	switch {
	case s.SilentLocked():
		s.endLocked(nil)
	case asked:
		s.clock.Fill(s.Sink())
		s.endPiecesLocked(len(s.owed))
		s.endLocked(nil)
	default:
		s.endLocked(closedEarly.Error(""))
	}
}

// failed takes an error of the context. Only the socket's reader calls it.
func (s *stream) failed(m *vendorsocket.Mux, code int) {
	s.Lock()
	defer s.Unlock()
	switch {
	case s.EndedLocked():
	case !s.StoppedLocked() && code == notFound && s.heard: // what it knew before
		s.endLocked(lost.Error(strconv.Itoa(code)))
	case !s.StoppedLocked():
		s.endLocked(statusError(code))
	case code == notFound || s.refused:
		s.phase = contextOver // it is none any more
		s.endLocked(nil)
	default:
		s.drainLocked(m)
	}
}

// refuses takes an error that names no context for the answer to this stream's order to stop, if it may be that: the command is
// new, and a vendor that does not know it can't tell whose it is. Only the socket's reader calls it.
func (s *stream) refuses(m *vendorsocket.Mux, code int) bool {
	s.Lock()
	defer s.Unlock()
	if !s.StoppedLocked() || s.EndedLocked() || s.refused || code != invalidArgument && code != unimplemented {
		return false
	}
	s.drainLocked(m)
	return true
}

// drainLocked has the context closed that the vendor does not cancel. What it speaks until then nobody hears.
func (s *stream) drainLocked(m *vendorsocket.Mux) {
	s.refused = true
	m.Answer(encode(command{CloseContext: &empty{}, ContextID: s.id}))
}
