package kugelaudio

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

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
	parts   parts
	piece   int         // the latest that ended, for words that come late
	worded  int         // the piece of the latest word
	kept    int         // pieces that the sink knows to be kept back
	sending bool        // a piece is on its way to the socket, and a flush must not go before it
	alarm   *time.Timer // for a flush, should the text pause; nil until one may be needed
	last    bool        // the last piece has been ordered
	stopped error       // the cause that Close was given; nothing more is delivered
	ended   bool
}

// key is what streams on one socket have in common.
func (s *stream) key(tenant string) string {
	return string(encode(s.session)) + tenant
}

// How long text may wait for more before it is flushed: where the vendor has nothing to do, only until the next piece
// can have come; where it is about to begin by itself, until it surely would have.
const (
	pauseTime = 50 * time.Millisecond
	beginTime = 300 * time.Millisecond
)

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	flush, err := s.order(p)
	if err != nil {
		return err
	}
	var frames [][]byte
	if p.Text != "" {
		text := textFrame{Text: p.Text, ContextID: s.id, Flush: flush}
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
	err = s.seat.Send(ctx, frames...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = false
	s.awaitLocked()
	return err
}

// order notes a piece, and tells whether it is to be flushed: where the text ends, or pauses and the vendor has nothing
// else to do. What comes while it speaks is joined.
func (s *stream) order(p upstream.Piece) (flush bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := upstream.OrderError(s.closed || s.last, s.ended); err != nil {
		return false, err
	}
	s.last, s.sending = p.Last, true
	s.parts.add(p.ID, p.Text)
	flush = p.Last || s.parts.blind || !p.More && !s.busyLocked() && !s.parts.confirmed()
	if flush {
		s.parts.flush()
	}
	return flush, nil
}

// busyLocked reports whether the vendor speaks, or is about to.
func (s *stream) busyLocked() bool { return s.clock.busy() || len(s.parts.flushes) > 0 }

// awaitLocked sets the alarm for a flush where the vendor has nothing to do, and there is text that it may not begin with
// by itself. That is told to the sink.
func (s *stream) awaitLocked() {
	if s.ended {
		return
	}
	if kept := s.parts.unbegun(!s.busyLocked()); kept != s.kept {
		s.kept = kept
		s.sink.Withheld(kept)
	}
	switch {
	case s.silentLocked() || s.busyLocked() || !s.parts.unflushed():
		if s.alarm != nil {
			s.alarm.Stop()
		}
		return
	case s.parts.confirmed():
		s.wakeLocked(beginTime)
	default:
		s.wakeLocked(pauseTime)
	}
}

func (s *stream) wakeLocked(in time.Duration) {
	if s.alarm == nil {
		s.alarm = time.AfterFunc(in, s.paused)
		return
	}
	s.alarm.Reset(in)
}

// paused flushes what the vendor has, since no more text has come. It runs on the alarm, which must not wait: a socket that
// has no room is stuck.
func (s *stream) paused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() || s.sending || s.busyLocked() || !s.parts.unflushed() {
		return // who is sending sets the alarm anew
	}
	s.parts.flush()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if s.seat.Send(now, encode(flushFrame{Flush: true, ContextID: s.id})) != nil {
		s.endLocked(upstream.Usage{}, &upstream.Error{Kind: upstream.Dropped, Message: "the vendor takes no data"}, true)
	}
	s.awaitLocked()
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
	if s.alarm != nil {
		s.alarm.Stop()
	}
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
func (s *stream) chunkLocked(id int64) *chunk {
	if id < 0 {
		id = s.clock.latest()
	}
	if !s.clock.knows(id) {
		s.clock.Fill(s.sink) // each chunk begins with a whole sample
	}
	piece := s.piece
	if len(s.parts.owed) > 0 {
		piece = s.parts.owed[0].id
	}
	return s.clock.chunk(id, piece)
}

// begin notes where a chunk begins, and which text it has.
func (s *stream) begin(id int64, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() {
		return
	}
	if c := s.chunkLocked(id); c.end == 0 && !c.complete {
		c.from, c.end, c.of = s.parts.begin(text)
	}
	s.awaitLocked()
}

// complete notes that all audio of a chunk has come.
func (s *stream) complete(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() || len(times) == 0 {
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
	s.sink.Words(words)
	s.advanceLocked()
}

// advanceLocked ends the pieces that chunks have spoken.
func (s *stream) advanceLocked() {
	if n := s.parts.through(s.clock.through()); n > 0 {
		s.endPiecesLocked(n)
	}
}

// final ends the pieces that were flushed first.
func (s *stream) final() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() {
		return
	}
	if n := s.parts.final(); n > 0 {
		s.endPiecesLocked(n)
	}
	s.awaitLocked()
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	s.clock.Fill(s.sink)
	s.piece = s.parts.end(n)
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
	if n := len(s.parts.owed); n > 0 && !s.silentLocked() {
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
