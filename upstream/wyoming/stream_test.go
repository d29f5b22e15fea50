package wyoming

import (
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

var errEnough = errors.New("enough")

// run runs a test in a bubble, before a server that plays the script.
func run(t *testing.T, warm int, script func(*upstreamtest.Conn), test func(t *testing.T, v *upstreamtest.Vendor, p *provider)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := upstreamtest.NewTCPVendor(next, script)
		defer v.Close()
		p, err := open(defaults(), upstream.Env{Name: "w", URL: upstreamtest.OverTCP.URL(), HTTP: v.Client(), Warm: warm, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		test(t, v, p)
	})
}

func begin(t *testing.T, p *provider) *upstreamtest.Line {
	t.Helper()
	l, err := upstreamtest.OpenLine(t, p, testRequest)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantSockets(t *testing.T, v *upstreamtest.Vendor, opened, open int) {
	t.Helper()
	synctest.Wait()
	if gotOpened, gotOpen := v.Sockets(); gotOpened != opened || gotOpen != open {
		t.Errorf("%d connections were opened and %d are open, want %d and %d", gotOpened, gotOpen, opened, open)
	}
}

// A connection whose stream has come to its end serves the next one; one that was stopped does not.
func TestConnectionsAreKept(t *testing.T) {
	run(t, 0, script, func(t *testing.T, v *upstreamtest.Vendor, p *provider) {
		for range 3 {
			l := begin(t, p)
			l.MustOrder(true, "Hello.", "")
			if h := l.Finish(); h.Err != nil || len(h.Pieces) != 2 {
				t.Errorf("got pieces %v, %v", h.Pieces, h.Err)
			}
		}
		wantSockets(t, v, 1, 1)
		if idle, busy := p.Sockets(); idle != 1 || busy != 0 {
			t.Errorf("%d connections are idle and %d busy", idle, busy)
		}
		l := begin(t, p)
		l.MustOrder(false, "Hello.")
		l.Stop(errEnough)
		wantSockets(t, v, 1, 0)
		begin(t, p).Stop(errEnough)
		wantSockets(t, v, 2, 0)
	})
}

// An idle connection is dropped in time, as one is that the server closes.
func TestIdleConnectionsAreDropped(t *testing.T) {
	run(t, 0, script, func(t *testing.T, v *upstreamtest.Vendor, p *provider) {
		for _, end := range []func(){func() { time.Sleep(defaults().Idle * 5 / 4) }, v.Drop} {
			l := begin(t, p)
			l.MustOrder(true, "Hello.")
			l.Finish()
			end()
			synctest.Wait()
			if idle, busy := p.Sockets(); idle != 0 || busy != 0 {
				t.Errorf("%d connections are idle and %d busy", idle, busy)
			}
		}
	})
}

// Connections are open before there is something to speak, and as many are opened again as are taken or lost.
func TestConnectionsAreOpenedAhead(t *testing.T) {
	run(t, 2, script, func(t *testing.T, v *upstreamtest.Vendor, p *provider) {
		wantSockets(t, v, 0, 0)
		p.Warm(t.Context())
		wantSockets(t, v, 2, 2)
		l := begin(t, p)
		wantSockets(t, v, 3, 3)
		l.Stop(errEnough)
		v.Drop()
		time.Sleep(retryEvery)
		wantSockets(t, v, 5, 2)
	})
}

// A stream that was given up for its silence takes the idle connections along.
func TestSilenceCastsDoubtOnIdleConnections(t *testing.T) {
	for cause, kept := range map[error]int{&upstream.Error{Kind: upstream.FirstAudioTimeout}: 0, errEnough: 1} {
		run(t, 0, script, func(t *testing.T, v *upstreamtest.Vendor, p *provider) {
			other, l := begin(t, p), begin(t, p)
			other.MustOrder(true, "Hello.")
			other.Finish()
			v.SetPlan(upstreamtest.Plan{Fault: func(*upstreamtest.Conn, string) {}})
			l.MustOrder(true, "Hello.")
			time.Sleep(time.Second)
			l.Stop(cause)
			wantSockets(t, v, 2, kept)
		})
	}
}

// A piece may come in another format than the one before it, and its voice may change that within it.
func TestTheFormatMayChange(t *testing.T) {
	at := func(rate int) map[string]any { return map[string]any{"rate": rate, "width": 2, "channels": 1} }
	run(t, 0, func(c *upstreamtest.Conn) {
		c.Next()
		for _, event := range [][]byte{
			said("audio-start", at(22050), nil), said("audio-chunk", at(22050), []byte("abc")),
			said("audio-start", at(16000), nil), said("audio-chunk", at(16000), []byte("de")),
			[]byte(`{"type":"audio-chunk","payload_length":2}` + "\nfg"), // which says nothing, and so goes on
			said("audio-stop", at(16000), nil),
		} {
			c.SendBinary(event)
		}
		<-c.Over()
	}, func(t *testing.T, _ *upstreamtest.Vendor, p *provider) {
		l := begin(t, p)
		l.MustOrder(true, "Hello.")
		h := l.Finish()
		if h.Err != nil || string(h.Audio) != "abc\x00defg" || h.Format != (audio.Format{Encoding: audio.PCM16, Rate: 16000}) {
			t.Errorf("got %q of %v, %v", h.Audio, h.Format, h.Err)
		}
	})
}

// What ends a stream that the server's bytes alone tell.
func TestOddAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		events [][]byte
		kind   upstream.Kind
	}{
		"a stop alone":       {[][]byte{said("audio-stop", nil, nil)}, upstream.NoAudio},
		"a start and a stop": {[][]byte{said("audio-start", sound, nil), said("audio-stop", nil, nil)}, upstream.NoAudio},
		"a stop too many": {[][]byte{
			said("audio-chunk", sound, []byte("ab")), said("audio-stop", nil, nil), said("audio-stop", nil, nil),
		}, upstream.Garbled},
		"what servers may say too": {[][]byte{
			said("info", map[string]any{"tts": []any{}}, nil), said("pong", nil, nil), said("error", map[string]any{"text": "x"}, nil),
		}, upstream.UpstreamError},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 0, func(conn *upstreamtest.Conn) {
				conn.Next()
				for _, event := range c.events {
					conn.SendBinary(event)
				}
				<-conn.Over()
			}, func(t *testing.T, _ *upstreamtest.Vendor, p *provider) {
				l := begin(t, p)
				l.MustOrder(false, "Hello.")
				if h := l.Finish(); upstream.KindOf(h.Err) != c.kind {
					t.Errorf("got %v, want %s", h.Err, c.kind)
				}
			})
		})
	}
}

// A server at a Unix socket speaks as one at a port does.
func TestUnixSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tts.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no Unix sockets here: ", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := conn.Read(make([]byte, 4096)); err != nil {
			return
		}
		_, _ = conn.Write(append(said("audio-chunk", sound, []byte("abcd")), said("audio-stop", nil, nil)...))
		_, _ = conn.Read(make([]byte, 1)) // until the client has gone
	})
	p, err := open(defaults(), upstream.Env{Name: "w", URL: "unix://" + path, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	l := begin(t, p)
	l.MustOrder(true, "Hello.")
	if h := l.Finish(); h.Err != nil || string(h.Audio) != "abcd" {
		t.Errorf("got %q, %v", h.Audio, h.Err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	_ = listener.Close() // the test is over
	wg.Wait()
}
