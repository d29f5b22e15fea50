package tone

import (
	"context"
	"encoding/base64"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// queued is how many pieces may wait. The relay sends one ahead; more than this is its fault.
const queued = 16

// stream is one attempt.
type stream struct {
	// Static after newStream.
	p      *Provider
	sink   upstream.Sink
	format audio.Format
	speed  float64
	pieces chan upstream.Piece
	stop   chan struct{} // closed by Close
	over   chan struct{} // closed when run has ended
	cause  error         // written by Close before it closes stop

	// Owned by the caller of Speak and Close.
	last, closed bool

	// Owned by run.
	at   time.Duration // audio of earlier pieces
	sent time.Duration // audio sent in whole frames, for the fault
	buf  []byte        // a piece's samples
	text []byte        // a frame's base64
}

func newStream(p *Provider, req upstream.Request, sink upstream.Sink) *stream {
	caps := p.Capabilities()
	speed := req.Speed
	if speed == 0 {
		speed = 1
	}
	return &stream{
		p:      p,
		sink:   sink,
		format: audio.Nearest(req.Output, caps.Formats),
		speed:  caps.ClampSpeed(speed),
		pieces: make(chan upstream.Piece, queued),
		stop:   make(chan struct{}),
		over:   make(chan struct{}),
	}
}

// Speak queues a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	if s.last || s.closed {
		return &upstream.Error{Kind: upstream.Rejected, Message: "a piece after the last"}
	}
	select {
	case <-s.over:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream has ended"}
	default:
	}
	select {
	case s.pieces <- p:
		s.last = p.Last
		return nil
	case <-s.over:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream has ended"}
	case <-ctx.Done():
		return &upstream.Error{Kind: upstream.Canceled, Message: "cancelled while waiting to send", Err: context.Cause(ctx)}
	}
}

// Close ends the stream and waits for its goroutine, which waits for nothing but its own timers and the sink.
func (s *stream) Close(_ context.Context, cause error) error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.cause = upstream.CloseCause(cause)
	close(s.stop)
	<-s.over
	s.p.mu.Lock()
	s.p.stats.Open--
	s.p.mu.Unlock()
	return nil
}

// run speaks pieces until the last, a fault, or Close.
func (s *stream) run() {
	defer close(s.over)
	for {
		select {
		case <-s.stop:
			s.stopped()
			return
		case p := <-s.pieces:
			s.p.count(func(st *Stats) { st.Pieces++ })
			if !s.speak(p) {
				return
			}
			if p.Last {
				s.sink.End(s.usage(), nil)
				return
			}
		}
	}
}

// stopped ends the stream with the cause that Close was given.
func (s *stream) stopped() {
	s.p.count(func(st *Stats) { st.Stopped++ })
	s.sink.End(s.usage(), s.cause)
}

func (s *stream) usage() upstream.Usage {
	if s.p.cfg.Charge == "" {
		return upstream.Usage{}
	}
	return upstream.Usage{Charge: upstream.Charge{Decimal: s.p.cfg.Charge, Currency: "EUR"}}
}

// speak delivers one piece. It reports whether the stream goes on; if not, it has ended it.
func (s *stream) speak(p upstream.Piece) bool {
	if !s.wait(s.p.cfg.Latency) {
		return false
	}
	s.buf = render(s.buf[:0], p.Text, s.format.Rate, s.speed)
	ws := words(p.Text)
	size := s.chunkBytes()
	for pos := 0; pos < len(s.buf); {
		if s.p.cfg.Fault.Kind != "" && s.sent >= s.p.cfg.Fault.After {
			return s.fault()
		}
		end := min(pos+size, len(s.buf))
		length := s.length(end - pos)
		s.audio(s.buf[pos:end])
		ws = s.words(ws, p.ID, s.length(end))
		pos, s.sent = end, s.sent+length
		if !s.pace(length) {
			return false
		}
	}
	s.at += s.length(len(s.buf))
	if !s.p.cfg.NoPieceEnds {
		s.sink.PieceEnd(p.ID)
	}
	return true
}

// chunkBytes is the size of a frame.
func (s *stream) chunkBytes() int {
	n := int(audio.Samples(s.p.cfg.Chunk, s.format.Rate)) * s.format.BytesPerSample()
	if s.p.cfg.OddChunks {
		n++
	}
	return max(n, 2)
}

// length is how long so many bytes last.
func (s *stream) length(bytes int) time.Duration {
	return audio.Duration(int64(bytes/s.format.BytesPerSample()), s.format.Rate)
}

// audio hands on one frame.
func (s *stream) audio(b []byte) {
	f := upstream.Frame{Format: s.format, Raw: b}
	if s.p.cfg.Base64 {
		s.text = base64.StdEncoding.AppendEncode(s.text[:0], b)
		f.Raw, f.Base64 = nil, s.text
	}
	s.sink.Audio(f)
}

// words hands on the words that have ended by now, a time in the piece, and returns the rest.
func (s *stream) words(ws []word, piece int, now time.Duration) []word {
	var ended []upstream.Word
	for len(ws) > 0 && faster(ws[0].end, s.speed) <= now {
		ended = append(ended, upstream.Word{
			Text:  ws[0].text,
			Piece: piece,
			Start: s.at + faster(ws[0].start, s.speed),
			End:   s.at + faster(ws[0].end, s.speed),
			Score: -1,
		})
		ws = ws[1:]
	}
	if len(ended) > 0 && !s.p.cfg.NoWords {
		s.sink.Words(ended)
	}
	return ws
}

// pace waits as long as so much audio takes to make.
func (s *stream) pace(audio time.Duration) bool {
	if s.p.cfg.Pace == 0 {
		return s.wait(0)
	}
	return s.wait(faster(audio, s.p.cfg.Pace))
}

// wait reports whether the stream goes on after d; if not, it has ended it.
func (s *stream) wait(d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.stop:
		}
	}
	select {
	case <-s.stop:
		s.stopped()
		return false
	default:
		return true
	}
}

// fault fails as configured.
func (s *stream) fault() bool {
	switch s.p.cfg.Fault.Kind {
	case upstream.Stalled, upstream.FirstAudioTimeout:
		<-s.stop
		s.stopped()
	case upstream.NoAudio, upstream.ShortAudio:
		s.sink.End(s.usage(), nil) // what makes these failures is a normal end
	default:
		s.sink.End(s.usage(), s.p.cfg.Fault.error())
	}
	return false
}
