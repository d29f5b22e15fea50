package kugelaudio

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"voicerelay/audio"
	"voicerelay/upstream"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one context. Its sink is called with mu held, which makes the calls one at a time and lets Close stop
// them, so whoever calls Speak or Close must not hold a lock that the sink takes.
type stream struct {
	// Static after Open.
	sink    upstream.Sink
	id      string
	voice   voiceSettings
	session session
	over    chan struct{} // closed by end

	seat upstream.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	created bool // the vendor has been sent text
	closed  bool

	// Guarded by mu.
	mu      sync.Mutex
	clock   clock
	owed    []int // pieces ordered and not ended, in order
	piece   int   // the latest that ended, for words that come late
	last    bool  // the last piece has been ordered
	stopped error // the cause that Close was given; nothing more is delivered
	ended   bool
}

// key is what streams on one socket have in common.
func (s *stream) key(tenant string) string {
	return string(encode(s.session)) + tenant
}

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	if err := s.order(p); err != nil {
		return err
	}
	var frames [][]byte
	if p.Text != "" {
		text := textFrame{Text: p.Text, ContextID: s.id, Flush: true}
		if !s.created {
			s.created = true
			text.VoiceSettings, text.session = &s.voice, &s.session
		}
		frames = append(frames, encode(text))
	}
	if p.Last {
		if !s.created {
			s.finish(upstream.Usage{}) // nothing was ever to be spoken
			return nil
		}
		// It drains what was ordered. Sent along with the text it saves a round trip at the end.
		frames = append(frames, encode(closeFrame{CloseContext: true, ContextID: s.id}))
	}
	return s.seat.Send(ctx, frames...)
}

// order notes that a piece is owed.
func (s *stream) order(p upstream.Piece) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := upstream.OrderError(s.closed || s.last, s.ended); err != nil {
		return err
	}
	s.owed = append(s.owed, p.ID)
	s.last = p.Last
	return nil
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. One that has not ended is stopped at the vendor.
func (s *stream) Close(ctx context.Context, cause error) error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.seat.Doubt(cause)
	if !s.stop(upstream.CloseCause(cause)) {
		return nil
	}
	told, err := false, error(nil)
	if s.created {
		told, err = s.seat.Stop(ctx, encode(closeFrame{CloseContext: true, ContextID: s.id, Immediate: true}))
	}
	confirmed := !told
	if told && err == nil {
		confirmed = s.confirmed(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(upstream.Usage{}, nil, confirmed)
	return err
}

// confirmed waits for the vendor's confirmation, which ends the stream.
func (s *stream) confirmed(ctx context.Context) bool {
	select {
	case <-s.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// stop silences the stream. It reports false where the stream has ended already.
func (s *stream) stop(cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.stopped = cause
	return true
}

// stopping reports whether the stream waits for the vendor to confirm that it stopped.
func (s *stream) stopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped != nil && !s.ended
}

// silentLocked reports whether the sink must hear no more but the end.
func (s *stream) silentLocked() bool { return s.ended || s.stopped != nil }

// endLocked ends the stream, once. A cause that Close was given goes before any other.
func (s *stream) endLocked(u upstream.Usage, err error, confirmed bool) {
	if s.ended {
		return
	}
	s.ended = true
	if s.stopped != nil {
		err = s.stopped
	}
	s.seat.Leave(confirmed)
	s.sink.End(u, err)
	close(s.over)
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) { s.fail(err) }

// fail ends the stream with an error after which the vendor has nothing of it any more.
func (s *stream) fail(err *upstream.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(upstream.Usage{}, err, true)
}

// interrupted ends the stream, which the vendor has cut off.
func (s *stream) interrupted() {
	s.fail(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor cut the context off"})
}

// audio hands audio on. Its error is that of a frame which is not of the protocol.
func (s *stream) audio(p packet) *upstream.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() {
		return nil
	}
	format, ok := s.formatLocked(p)
	if !ok {
		return upstream.GarbledError("the vendor sent audio of an unknown format")
	}
	s.chunkLocked(p.chunk)
	f := upstream.Frame{Format: format, Base64: p.base64}
	s.clock.Add(f)
	s.sink.Audio(f)
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

// chunkLocked is the chunk of that id, -1 for the latest.
func (s *stream) chunkLocked(id int64) chunk {
	if id < 0 {
		id = s.clock.latest()
	}
	if !s.clock.knows(id) {
		s.clock.Fill(s.sink) // each chunk begins with a whole sample
	}
	piece := s.piece
	if len(s.owed) > 0 {
		piece = s.owed[0]
	}
	return s.clock.chunk(id, piece)
}

// begin notes where a chunk begins.
func (s *stream) begin(chunk int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.silentLocked() {
		s.chunkLocked(chunk)
	}
}

// words hands word times on.
func (s *stream) words(chunk int64, times []wordTime) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() || len(times) == 0 {
		return
	}
	in := s.chunkLocked(chunk)
	words := make([]upstream.Word, len(times))
	for i, w := range times {
		start, end := s.clock.span(in, w)
		words[i] = upstream.Word{Text: w.Word, Piece: in.piece, Start: start, End: end, Score: -1}
		if w.Score != nil {
			words[i].Score = *w.Score
		}
	}
	s.sink.Words(words)
}

// final ends the piece that was flushed first. The one before context_closed may be of no piece.
func (s *stream) final() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() || len(s.owed) == 0 {
		return
	}
	s.endPiecesLocked(1)
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	s.piece, s.owed = s.owed[n-1], s.owed[n:]
	s.clock.Fill(s.sink)
	s.sink.PieceEnd(s.piece)
}

// contextClosed is the vendor's last word on the context.
func (s *stream) contextClosed(u *usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.last && !s.silentLocked() {
		s.endLocked(u.charged(), &upstream.Error{Kind: upstream.Dropped, Message: "the vendor closed the context"}, true)
		return
	}
	s.finishLocked(u.charged())
}

// finish ends the stream with everything delivered.
func (s *stream) finish(u upstream.Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finishLocked(u)
}

func (s *stream) finishLocked(u upstream.Usage) {
	if n := len(s.owed); n > 0 && !s.silentLocked() {
		s.endPiecesLocked(n)
	}
	s.endLocked(u, nil, true)
}

// longestAmount is longer than any amount is written.
const longestAmount = 64

// charged is the charge as the vendor wrote it. One that it could not find out is not known, which is not 0.
func (u *usage) charged() upstream.Usage {
	if u == nil || len(u.CostCents) > longestAmount || len(u.Currency) > longestAmount {
		return upstream.Usage{}
	}
	var cents json.Number
	if err := json.Unmarshal(u.CostCents, &cents); err != nil || u.CostCents[0] == '"' || cents == "" || u.Currency == "" {
		return upstream.Usage{}
	}
	return upstream.Usage{Charge: upstream.Charge{
		Decimal:  cents.String(),
		Scale:    -2,
		Currency: strings.ToUpper(u.Currency),
	}}
}
