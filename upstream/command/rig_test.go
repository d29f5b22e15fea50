package command

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

var errStop = errors.New("the test has heard enough")

// patience is how long a test waits for a program.
const patience = time.Minute

// line is a stream with its sink.
type line struct {
	*upstreamtest.Sink
	t      *testing.T
	stream upstream.Stream
	pieces int
}

// provide opens a provider that ends with the test.
func provide(t *testing.T, cfg Config) *provider {
	t.Helper()
	p, err := open(cfg, upstream.Env{Voices: []string{voice}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("Provider.Close: %v", err)
		}
	})
	return p
}

// call opens a stream that is closed with the test, at the latest.
func call(t *testing.T, p *provider, secrets ...string) *line {
	t.Helper()
	l := &line{Sink: upstreamtest.NewSink(t, secrets...), t: t}
	var err error
	if l.stream, err = p.Open(t.Context(), request, l); err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { l.close(errStop) })
	return l
}

func (l *line) close(cause error) {
	l.t.Helper()
	closing := func(cause error) error { return l.stream.Close(context.Background(), cause) }
	if err := l.Sink.Close(closing, cause); err != nil {
		l.t.Errorf("Close: %v", err)
	}
}

func (l *line) speak(last bool, texts ...string) {
	l.t.Helper()
	for i, text := range texts {
		p := upstream.Piece{ID: l.pieces, Text: text, Last: last && i == len(texts)-1}
		l.pieces++
		if err := l.stream.Speak(l.t.Context(), p); err != nil {
			l.t.Fatalf("Speak: %v", err)
		}
	}
}

func (l *line) wait() upstreamtest.Heard {
	l.t.Helper()
	select {
	case <-l.Ended():
	case <-time.After(patience):
		l.t.Fatal("the stream does not end")
	}
	return l.Heard()
}

// hears waits until there is audio.
func (l *line) hears() {
	l.t.Helper()
	for deadline := time.Now().Add(patience); len(l.Heard().Audio) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatal("there is no audio")
		}
	}
}

// spoken is what a command makes of texts, each a piece.
func spoken(t *testing.T, cfg Config, texts ...string) upstreamtest.Heard {
	t.Helper()
	l := call(t, provide(t, cfg), texts...)
	l.speak(true, texts...)
	return l.wait()
}

// place is where programs show that they live.
type place struct {
	net.Listener
	t *testing.T
}

func newPlace(t *testing.T) *place {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // the listener is of no more use
	return &place{l, t}
}

func (p *place) address() string { return p.Addr().String() }

// next waits for a program for so long.
func (p *place) next(patience time.Duration) (conn net.Conn, came bool) {
	p.t.Helper()
	if err := p.Listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	conn, err := p.Accept()
	if err != nil {
		return nil, false
	}
	p.t.Cleanup(func() { _ = conn.Close() }) // its other end may be gone
	return conn, true
}

// met waits for a program that must come.
func (p *place) met() net.Conn {
	p.t.Helper()
	conn, came := p.next(patience)
	if !came {
		p.t.Fatal("no program came")
	}
	return conn
}

// release lets a program speak.
func (p *place) release(conn net.Conn) {
	p.t.Helper()
	if _, err := conn.Write([]byte{1}); err != nil {
		p.t.Fatal(err)
	}
}

// gone waits until the program has died, which closes its connection.
func (p *place) gone(conn net.Conn) {
	p.t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		p.t.Errorf("the program lives: %v", err)
	}
}
