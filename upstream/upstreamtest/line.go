package upstreamtest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream"
)

var errStop = errors.New("the test has heard enough")

// Line is an open stream and its sink, as an adapter's test uses them.
type Line struct {
	*Sink
	Stream upstream.Stream

	t     testing.TB
	texts []string // of the pieces so far
}

// OpenLine opens a stream. No error of it may tell any of the secrets, nor a text of its pieces.
func OpenLine(t testing.TB, p upstream.Provider, req upstream.Request, secrets ...string) (*Line, error) {
	t.Helper()
	return openLine(t.Context(), t, p, req, secrets...)
}

func openLine(ctx context.Context, t testing.TB, p upstream.Provider, req upstream.Request, secrets ...string) (*Line, error) {
	t.Helper()
	l := &Line{Sink: NewSink(t, secrets...), t: t}
	var err error
	l.Stream, err = p.Open(ctx, req, l.Sink)
	CheckError(t, err, context.Cause(ctx), secrets...)
	return l, err
}

// Order orders pieces, the last of which is the stream's last where last is set. It reports false where the stream has
// ended before them, as it may by a fault.
func (l *Line) Order(last bool, texts ...string) bool {
	l.t.Helper()
	for i, text := range texts {
		if err := l.speak(upstream.Piece{Text: text, Last: last && i == len(texts)-1}); err != nil {
			l.t.Logf("Speak: %v", err)
			return false
		}
	}
	return true
}

// MustOrder orders pieces of a stream that must not have ended.
func (l *Line) MustOrder(last bool, texts ...string) {
	l.t.Helper()
	if !l.Order(last, texts...) {
		l.t.Fatalf("ended before its pieces were ordered: %v", l.Heard().Err)
	}
}

// OrderMore orders a piece that another one follows at once.
func (l *Line) OrderMore(text string) {
	l.t.Helper()
	if err := l.speak(upstream.Piece{Text: text, More: true}); err != nil {
		l.t.Fatalf("Speak: %v", err)
	}
}

// speak orders a piece as the next one.
func (l *Line) speak(p upstream.Piece) error {
	p.ID = len(l.texts)
	l.texts = append(l.texts, p.Text)
	secrets := slices.Clone(l.secrets)
	if len(p.Text) > 2 { // or it may be a part of any message
		secrets = append(secrets, p.Text)
	}
	err := l.Stream.Speak(l.t.Context(), p)
	CheckError(l.t, err, nil, secrets...)
	return err
}

// Finish waits for the end, for a minute at most, and closes the stream.
func (l *Line) Finish() Heard {
	l.t.Helper()
	h := l.wait()
	l.Stop(nil)
	return h
}

// wait waits for the end, for a minute at most.
func (l *Line) wait() Heard {
	l.t.Helper()
	select {
	case <-l.Ended():
	case <-time.After(time.Minute):
		l.t.Error("no End within a minute")
	}
	return l.Heard()
}

// Stop closes the stream.
func (l *Line) Stop(cause error) {
	l.t.Helper()
	l.stop(l.t.Context(), cause)
}

// StopWithin closes the stream, with so much time to do so.
func (l *Line) StopWithin(limit time.Duration, cause error) {
	l.t.Helper()
	ctx, done := context.WithTimeout(l.t.Context(), limit)
	defer done()
	l.stop(ctx, cause)
}

// Cut closes the stream of a vendor that will not confirm it, and does not wait.
func (l *Line) Cut() {
	l.t.Helper()
	l.StopWithin(0, errStop)
}

func (l *Line) stop(ctx context.Context, cause error) {
	l.t.Helper()
	if err := l.Close(func(cause error) error { return l.Stream.Close(ctx, cause) }, cause); err != nil {
		l.t.Errorf("Close: %v", err)
	}
}

// WantStopped checks that the stream has ended by the cause.
func (l *Line) WantStopped(cause error) {
	l.t.Helper()
	if h := l.Heard(); h.Err != cause { //nolint:errorlint // the cause itself, and nothing around it
		l.t.Errorf("End: got %v, want the cause %v", h.Err, cause)
	}
}
