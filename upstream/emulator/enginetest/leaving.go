package enginetest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

func wantNothingOpen(t *testing.T, server *engine.Server) {
	t.Helper()
	goesOn := func(st engine.Stream) bool { return !st.Over }
	over := func(st engine.Stats) bool {
		return st.OpenSockets == 0 && st.OpenContexts == 0 && !slices.ContainsFunc(st.Streams, goesOn)
	}
	if !server.WaitFor(over, time.Minute) {
		t.Errorf("left open: %+v", server.Stats())
	}
}

// leavesNothing ends a speech from either side: before its first audio, in its middle, and there also where the client has
// stopped reading.
// The last is the hard one: a writer that is blocked by a full socket hears of an end only if someone closes that.
func (s Speaker) leavesNothing(t *testing.T) {
	t.Helper()
	for name, end := range map[string]func(*websocket.Conn, *engine.Server) error{
		"the client leaves": func(conn *websocket.Conn, _ *engine.Server) error { return conn.CloseNow() },
		"the server closes": func(_ *websocket.Conn, server *engine.Server) error { return server.Close() },
	} {
		for when, begin := range map[string]func(*testing.T, *websocket.Conn){
			"before the audio": func(_ *testing.T, conn *websocket.Conn) {
				s.sayAll(conn)
				_ = Receive(conn) // there is no audio among it
				time.Sleep(faultAfter)
			},
			"in the middle": func(t *testing.T, conn *websocket.Conn) {
				s.hearBegin(t, conn)
				_ = Receive(conn) // whatever it is
				time.Sleep(faultAfter)
			},
			"unread": s.hearBegin,
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				o := s.drawn(t, "")
				if o.Pace = 1; when == "before the audio" {
					o.FirstAudio = time.Minute
				}
				synctest.Test(t, func(t *testing.T) {
					w := Serve(t, Dialect{Vendor: s.Vendor, Codec: s.Codec, Options: o})
					conn := w.Dial(t, s.Address, s.Header)
					begin(t, conn)
					if err := end(conn, w.Server); err != nil {
						t.Error(err)
					}
					wantNothingOpen(t, w.Server)
				})
			})
		}
	}
}

// sayAll has all texts spoken.
func (s Speaker) sayAll(conn *websocket.Conn) {
	go func() { // ends with the connection
		for _, m := range append(slices.Clone(s.Speak), s.Waits...) {
			_ = s.Codec.write(context.Background(), conn, m) // it may have ended
		}
	}()
}

// hearBegin has all texts spoken, and reads up to the first audio.
func (s Speaker) hearBegin(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	s.sayAll(conn)
	var h heard
	for h.sizes == nil {
		kind, data, err := conn.Read(t.Context())
		if err != nil {
			t.Fatalf("before any audio: %v", err)
		}
		s.take(t, &h, s.Codec.read(Arrival{Binary: kind == websocket.MessageBinary, Data: data}), time.Now())
	}
}
