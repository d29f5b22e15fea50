package emulatortest

import (
	"context"
	"errors"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// ErrStop is why tests stop streams.
var ErrStop = errors.New("the test has heard enough")

// Line is an open stream and its sink.
type Line struct {
	*upstreamtest.Sink
	Stream upstream.Stream

	r      *Rig
	pieces int
}

// Named is the rig's request with another id.
func (r *Rig) Named(id string) upstream.Request {
	req := r.Request
	req.ID = id
	return req
}

// TryOpen opens a stream.
func (r *Rig) TryOpen(req upstream.Request) (*Line, error) {
	r.Helper()
	l := &Line{Sink: upstreamtest.NewSink(r.TB, r.secrets...), r: r}
	var err error
	l.Stream, err = r.Open(r.Context(), req, l.Sink)
	upstreamtest.CheckError(r.TB, err, nil, r.secrets...)
	return l, err
}

// Begin opens a stream, which must not fail.
func (r *Rig) Begin(req upstream.Request) *Line {
	r.Helper()
	l, err := r.TryOpen(req)
	if err != nil {
		r.Fatalf("Open: %v", err)
	}
	return l
}

// Order orders pieces, the last of which is the stream's last where last is set. It reports false where the stream has
// ended before them, as it may by a fault.
func (l *Line) Order(last bool, texts ...string) bool {
	l.r.Helper()
	for i, text := range texts {
		p := upstream.Piece{ID: l.pieces, Text: text, Last: last && i == len(texts)-1}
		l.pieces++
		if err := l.Stream.Speak(l.r.Context(), p); err != nil {
			l.r.Logf("Speak: %v", err)
			return false
		}
	}
	return true
}

// MustOrder orders pieces of a stream that must not have ended.
func (l *Line) MustOrder(last bool, texts ...string) {
	l.r.Helper()
	if !l.Order(last, texts...) {
		l.r.Fatalf("ended before its pieces were ordered: %v", l.Heard().Err)
	}
}

// Finish waits for the end, and closes the stream.
func (l *Line) Finish() upstreamtest.Heard {
	l.r.Helper()
	select {
	case <-l.Ended():
	case <-time.After(20 * time.Second):
		l.r.Error("no End")
	}
	l.Stop(nil)
	return l.Heard()
}

// Stop closes the stream.
func (l *Line) Stop(cause error) {
	l.r.Helper()
	l.stop(l.r.Context(), cause)
}

// StopWithin closes the stream, with so much time to do so.
func (l *Line) StopWithin(limit time.Duration, cause error) {
	l.r.Helper()
	ctx, done := context.WithTimeout(l.r.Context(), limit)
	defer done()
	l.stop(ctx, cause)
}

func (l *Line) stop(ctx context.Context, cause error) {
	l.r.Helper()
	if err := l.Close(func(cause error) error { return l.Stream.Close(ctx, cause) }, cause); err != nil {
		l.r.Errorf("Close: %v", err)
	}
}

// WantStopped checks that the stream has ended by the cause.
func (l *Line) WantStopped(cause error) {
	l.r.Helper()
	if h := l.Heard(); h.Err != cause { //nolint:errorlint // the cause itself, and nothing around it
		l.r.Errorf("End: got %v, want the cause %v", h.Err, cause)
	}
}

// Try speaks pieces to their end, all ordered at once. Where no stream could be opened that is the end.
func (r *Rig) Try(req upstream.Request, texts ...string) upstreamtest.Heard {
	r.Helper()
	l, err := r.TryOpen(req)
	if err != nil {
		return upstreamtest.Heard{Err: err}
	}
	l.Order(true, texts...)
	return l.Finish()
}

// Say speaks pieces to their end, all ordered at once, on a stream that can be opened.
func (r *Rig) Say(req upstream.Request, texts ...string) upstreamtest.Heard {
	r.Helper()
	l := r.Begin(req)
	l.Order(true, texts...)
	return l.Finish()
}
