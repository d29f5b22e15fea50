package zeligate

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/upstreamtest"
)

const (
	goodKey = "sk-zeli-secret"
	badKey  = "sk-zeli-wrong"
)

// bench is a provider before an emulator that takes the good key.
type bench struct {
	*provider
	t      *testing.T
	server *emulator.Server
}

// emulated is a provider with a key; of many engines, where there are. The wire is in memory, so that a test may be in
// a bubble, where time costs nothing.
func emulated(t *testing.T, o emulator.Options, cfg Config, key upstream.Secret) *bench {
	t.Helper()
	o.APIKey = goodKey
	server, err := emulator.New("zeligate", o)
	if err != nil {
		t.Fatal(err)
	}
	client, stop := upstreamtest.Serve(server)
	p, err := open(cfg, upstream.Env{Name: "zeligate", URL: upstreamtest.URL, APIKey: key, MaxConcurrent: 64, HTTP: client, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Close() // never fails
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		stop()
		if t.Failed() {
			t.Logf("seed %d: %s", o.Seed, server.Quirks())
		}
	})
	return &bench{provider: p, t: t, server: server}
}

// line is an open stream and its sink.
type line struct {
	*upstreamtest.Sink
	t      *testing.T
	stream upstream.Stream
	pieces int
}

func (b *bench) begin(req upstream.Request) *line {
	b.t.Helper()
	l := &line{Sink: upstreamtest.NewSink(b.t, goodKey, badKey), t: b.t}
	var err error
	if l.stream, err = b.Open(b.t.Context(), req, l); err != nil {
		b.t.Fatalf("Open: %v", err)
	}
	return l
}

// order orders pieces. It reports false where the stream has ended before them.
func (l *line) order(last bool, texts ...string) bool {
	l.t.Helper()
	for i, text := range texts {
		p := upstream.Piece{ID: l.pieces, Text: text, Last: last && i == len(texts)-1}
		l.pieces++
		if err := l.stream.Speak(l.t.Context(), p); err != nil {
			return false
		}
	}
	return true
}

// finish waits for the end, and closes.
func (l *line) finish() upstreamtest.Heard {
	l.t.Helper()
	select {
	case <-l.Ended():
	case <-time.After(20 * time.Second):
		l.t.Error("no End")
	}
	l.closeWith(nil)
	return l.Heard()
}

func (l *line) closeWith(cause error) {
	l.t.Helper()
	if err := l.Close(func(cause error) error { return l.stream.Close(l.t.Context(), cause) }, cause); err != nil {
		l.t.Errorf("Close: %v", err)
	}
}

// say speaks pieces to their end.
func (b *bench) say(req upstream.Request, texts ...string) upstreamtest.Heard {
	b.t.Helper()
	l := b.begin(req)
	l.order(true, texts...)
	return l.finish()
}
