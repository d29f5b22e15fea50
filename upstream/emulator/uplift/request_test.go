package uplift

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// So many requests are spoken side by side; the next begins when one of them has ended.
func TestUpliftParallelRequests(t *testing.T) {
	o := drawn(t, engine.Options{FirstAudio: time.Hour}, func(q quirks) bool { return q.startsEarly && q.parallel == 8 })
	onBoth(t, o, func(t *testing.T, _ *engine.Server, c *client) {
		for i := range 9 {
			c.speak(fmt.Sprintf("r%d", i), "One.", "")
		}
		var began []string
		for range 8 {
			id, _ := c.message()["requestId"].(string)
			began = append(began, id)
		}
		c.send(engine.Object{"type": "cancel", "requestId": began[0]})
		id, _ := c.message()["requestId"].(string)
		if began = append(began, id); len(slices.Compact(slices.Sorted(slices.Values(began)))) != 9 {
			t.Errorf("began: %v, want nine requests", began)
		}
	})
}

// A canceled request is silent but for the frames that were under way, and is not charged for the rest.
func TestUpliftCancel(t *testing.T) {
	for late := range 3 {
		// At this pace the second frame would come after five seconds.
		o := drawn(t, engine.Options{Pace: 0.02, Chunk: 100 * time.Millisecond}, func(q quirks) bool { return q.lateFrames == late && q.silence == startAndEnd })
		t.Run(fmt.Sprintf("%d late frames", late), func(t *testing.T) {
			onBoth(t, o, func(t *testing.T, server *engine.Server, c *client) {
				c.speak("r1", twelveWords, "")
				for c.message()["type"] != "audio" {
				}
				c.send(engine.Object{"type": "cancel", "requestId": "r1"})
				c.send(engine.Object{"type": "cancel", "requestId": "nobody"})
				if !server.WaitFor(func(s engine.Stats) bool { return s.Streams[0].Over }, 10*time.Second) {
					t.Fatal("it goes on")
				}
				c.send(engine.Object{"type": "synthesize", "requestId": "r2", "text": "One.", "voiceId": "v_nobody"})
				frames := 0
				for got := c.message(); got["requestId"] == "r1"; got = c.message() {
					if got["type"] != "audio" {
						t.Errorf("got %v after the cancel", got)
					}
					frames++
				}
				if frames != late {
					t.Errorf("got %d late frames, want %d", frames, late)
				}
				st := server.Stats()
				if got, want := st.Streams[0].Audio, time.Duration(1+late)*100*time.Millisecond; (got - want).Abs() > 5*time.Millisecond {
					t.Errorf("charged %v, want %v", got, want)
				}
				if len(st.Cancels) != 2 || st.Cancels[0].ID != "r1" || st.Cancels[1].ID != "nobody" {
					t.Errorf("cancels: got %v", st.Cancels)
				}
			})
		})
	}
}

func TestUpliftSilences(t *testing.T) {
	for silence, want := range map[silence][]string{
		nothing: nil, onlyStart: {"audio_start"}, startAndEnd: {"audio_start", "audio_end"},
	} {
		o := drawn(t, engine.Options{}, func(q quirks) bool { return q.silence == silence })
		server, base := start(t, o)
		c := dial(t, base, plainTransport)
		c.send(engine.Object{"type": "synthesize", "requestId": "r1", "text": "One.", "voiceId": "v_nobody"})
		server.WaitFor(func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Over }, 10*time.Second)
		c.speak("r2", "One.", "")
		var got []string
		for o := c.message(); o["requestId"] == "r1"; o = c.message() {
			kind, _ := o["type"].(string)
			got = append(got, kind)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestUpliftSequences(t *testing.T) {
	for _, gaps := range []bool{false, true} {
		o := drawn(t, engine.Options{Chunk: 100 * time.Millisecond}, func(q quirks) bool { return q.sequenceGaps == gaps })
		_, base := start(t, o)
		c := dial(t, base, plainTransport)
		c.speak("r", twelveWords, "")
		got := c.hear("r").sequence
		if dense := got[len(got)-1] == len(got)-1; got[0] != 0 || !slices.IsSorted(got) || dense == gaps {
			t.Errorf("gaps %t: got %v", gaps, got)
		}
	}
}

func TestUpliftTimestampsAreOfItsUnit(t *testing.T) {
	for _, millis := range []bool{false, true} {
		o := drawn(t, engine.Options{}, func(q quirks) bool { return q.millis == millis })
		_, base := start(t, o)
		c := dial(t, base, plainTransport)
		c.speak("r", "One.", "")
		at, _ := c.hear("r").last["timestamp"].(float64)
		if got := at > 1e12; got != millis {
			t.Errorf("timestamp: got %.0f, where milliseconds are %t", at, millis)
		}
	}
}

// What was received is kept: texts as they came, one order to speak each.
func TestUpliftKeepsWhatItSaw(t *testing.T) {
	onBoth(t, engine.Options{}, func(t *testing.T, server *engine.Server, c *client) {
		c.speak("r1", "One.", "")
		c.hear("r1")
		c.speak("r2", "Two <b>three</b>.", "")
		c.hear("r2")
		if !server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 10*time.Second) {
			t.Error("a request stays open")
		}
		st := server.Stats()
		if len(st.Streams) != 2 || st.Sockets != 1 || st.OpenSockets != 1 {
			t.Fatalf("got %+v", st)
		}
		if got := st.Streams[1]; got.ID != "r2" || !slices.Equal(got.Texts, []string{"Two <b>three</b>."}) || got.Flushes != 1 || !got.Over {
			t.Errorf("got %+v", got)
		}
	})
}

// A plain connection is closed when nothing comes; a ping is something.
func TestUpliftIdleConnection(t *testing.T) {
	o := drawn(t, engine.Options{Inactivity: 600 * time.Millisecond}, func(q quirks) bool { return q.idle > 0 })
	_, base := start(t, o)
	c := dial(t, base, plainTransport)
	c.speak("r", twelveWords, "") // it is not idle while it speaks
	c.hear("r")
	began := time.Now()
	closed := make(chan error, 1)
	go func() { // ends with the connection, which is waited for
		_, err := c.read()
		closed <- err
	}()
	for time.Since(began) < 3*o.Inactivity {
		if err := c.conn.Ping(c.ctx); err != nil {
			t.Fatalf("closed after %v of pings: %v", time.Since(began), err)
		}
	}
	if err := <-closed; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("got %v, want %d", err, websocket.StatusGoingAway)
	}
}

// Nonsense ends a Socket.IO connection, as with the library's own server.
func TestUpliftSocketIONonsense(t *testing.T) {
	for _, text := range []string{"", "7", "1", "4", "49", "42" + socketNamespace + ",[]", eventPrefix + `["cancel",{}]`, joinPacket + "\x1e", "42/other,[\"x\"]"} {
		server, base := start(t, engine.Options{})
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		conn, _, err := websocket.Dial(ctx, base+"/socket.io/?EIO=4&transport=websocket", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if !server.WaitFor(func(s engine.Stats) bool { return s.Sockets == 1 && s.OpenSockets == 0 }, 2*time.Second) {
			t.Errorf("%q: the connection goes on", text)
		}
		_ = conn.CloseNow()
		cancel()
	}
}
