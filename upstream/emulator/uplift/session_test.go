package uplift

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// paper is a transport that notes what is sent.
type paper struct{ sent chan engine.Object }

func (p paper) deliver(_ context.Context, o engine.Object) { p.sent <- o }
func (p paper) garbage(context.Context)                    {}
func (p paper) drop(context.Context)                       {}
func (p paper) close(context.Context, int)                 {}

// onPaper is a session without a connection.
func onPaper(t *testing.T, o engine.Options) *session {
	t.Helper()
	server := engine.New(Vendor, o)
	u := &emulator{server: server, quirks: drawQuirks(o)}
	s := newSession(server.Context(), u, paper{sent: make(chan engine.Object, 10_000)})
	t.Cleanup(func() {
		s.stop()
		_ = server.Close() // it listens nowhere
	})
	return s
}

func (s *session) lastSent(t *testing.T) engine.Object {
	t.Helper()
	select {
	case o := <-s.transport.(paper).sent:
		return o
	default:
		return nil
	}
}

func TestUpliftLimitsOfAMinute(t *testing.T) {
	s := onPaper(t, drawn(t, engine.Options{}, "silence:0"))
	for i := range synthesesPerMinute {
		s.take("synthesize", fmt.Appendf(nil, `{"requestId":"r%d","text":"One.","voiceId":"v_nobody"}`, i))
	}
	for range cancelsPerMinute {
		s.take("cancel", []byte(`{"requestId":"r0"}`))
	}
	if got := s.lastSent(t); got != nil {
		t.Fatalf("within the limits: got %v", got)
	}
	for _, kind := range []string{"synthesize", "cancel"} {
		s.take(kind, []byte(`{"requestId":"more","text":"One.","voiceId":"v_nobody"}`))
		if got := s.lastSent(t); got["code"] != "rate_limit_exceeded" || got["requestId"] != "more" {
			t.Errorf("%s: got %v, want rate_limit_exceeded", kind, got)
		}
	}
}

func TestUpliftBoundsWhatIsUnderWay(t *testing.T) {
	s := onPaper(t, engine.Options{})
	for i := range maxOpen {
		s.open[fmt.Sprint(i)] = nil
	}
	s.take("synthesize", []byte(`{"requestId":"r","text":"One.","voiceId":"v_nobody"}`))
	if got := s.lastSent(t); got["code"] != "rate_limit_exceeded" {
		t.Errorf("got %v, want rate_limit_exceeded", got)
	}
}

func TestUpliftWindow(t *testing.T) {
	seconds := func(s int) time.Time { return time.Unix(1000+int64(s), 0) }
	tests := map[string]struct {
		window window
		at     []int // seconds
		want   []bool
	}{
		"sliding": {
			window{limit: 2}, []int{0, 30, 59, 60, 61, 90}, []bool{true, true, false, true, false, true},
		},
		"sliding, refused count": {
			window{limit: 2, countsRefused: true}, []int{0, 30, 59, 60, 118, 121}, []bool{true, true, false, false, false, true},
		},
		"fixed": {
			window{limit: 2, fixed: true}, []int{0, 59, 59, 60, 60, 61}, []bool{true, true, false, true, true, false},
		},
	}
	for name, tt := range tests {
		var got []bool
		for _, at := range tt.at {
			got = append(got, tt.window.take(seconds(at)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

// fetch takes what is queued for a connection's client until ctx ends. It answers heartbeats where it is told to.
func (e *engineConnection) fetch(ctx context.Context, answers bool) {
	for p, ok := e.next(ctx, true); ok; p, ok = e.next(ctx, true) {
		if answers && p.text == enginePing {
			e.take(enginePong)
		}
	}
}

// A connection that joins no namespace is shut, though its client answers heartbeats.
func TestUpliftJoinsInTime(t *testing.T) {
	for _, join := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			e := newEngines(onPaper(t, engine.Options{}).emulator).openEngine(true)
			go e.fetch(t.Context(), true) // ends with the connection, which the bubble waits for
			if join {
				e.take(joinPacket)
			}
			time.Sleep(engineConnectWait + time.Second)
			if open := e.life.Err() == nil; open != join {
				t.Errorf("joined %t, open %t", join, open)
			}
		})
	}
}

// A client that doesn't answer a heartbeat in time is gone.
func TestUpliftHeartbeatIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngines(onPaper(t, engine.Options{}).emulator).openEngine(true)
		go e.fetch(t.Context(), false) // ends with the connection, which the bubble waits for
		e.take(joinPacket)
		time.Sleep(e.quirks.ping + e.quirks.pingTimeout - time.Second)
		if e.life.Err() != nil {
			t.Error("it was shut too early")
		}
		time.Sleep(2 * time.Second)
		if e.life.Err() == nil {
			t.Error("it goes on")
		}
	})
}

// A client that fetches nothing is shut as well: what is queued for it is bounded, and so a heartbeat finds no room.
func TestUpliftClientThatFetchesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onPaper(t, drawn(t, engine.Options{}, "ignoresUnknown:false"))
		e := newEngines(s.emulator).openEngine(true)
		flooded := make(chan struct{})
		go func() { // ends with the connection
			defer close(flooded)
			e.take(joinPacket)
			for e.life.Err() == nil {
				e.take(eventPrefix + `["what",{}]`)
			}
		}()
		time.Sleep(e.quirks.ping + e.quirks.pingTimeout + time.Second)
		<-flooded
		if got := len(e.out); got > engineQueue {
			t.Errorf("%d packets are queued", got)
		}
	})
}
