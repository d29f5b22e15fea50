package uplift

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// So many requests are spoken side by side; the next begins when one of them has ended.
func TestUpliftParallelRequests(t *testing.T) {
	o := drawn(t, engine.Options{FirstAudio: time.Hour}, "startsEarly:true", "parallel:8")
	onBoth(t, o, func(t *testing.T, c client) {
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

func TestUpliftTimestampsAreOfItsUnit(t *testing.T) {
	for _, millis := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := drawn(t, engine.Options{}, fmt.Sprint("millis:", millis))
			c := talk(t, o, plainTransport)
			c.speak("r", "One.", "")
			at, _ := c.hear("r").last["timestamp"].(float64)
			if got := at > 1e11; got != millis {
				t.Errorf("timestamp: got %.0f, where milliseconds are %t", at, millis)
			}
		})
	}
}

// What was received is kept: texts as they came, one order to speak each.
func TestUpliftKeepsWhatItSaw(t *testing.T) {
	onBoth(t, engine.Options{}, func(t *testing.T, c client) {
		c.speak("r1", "One.", "")
		c.hear("r1")
		c.speak("r2", "Two <b>three</b>.", "")
		c.hear("r2")
		if !c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 10*time.Second) {
			t.Error("a request stays open")
		}
		st := c.Server.Stats()
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
	synctest.Test(t, func(t *testing.T) {
		o := drawn(t, engine.Options{}, "idle:60000000000")
		c := talk(t, o, plainTransport)
		c.speak("r", twelveWords, "") // it is not idle while it speaks
		c.hear("r")
		for range 3 {
			time.Sleep(50 * time.Second)
			if err := c.Conn.Ping(t.Context()); err != nil {
				t.Fatalf("closed in spite of pings: %v", err)
			}
		}
		pinged := time.Now()
		if err := c.NextWithin(2 * time.Minute).Err; websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("got %v, want %d", err, websocket.StatusGoingAway)
		}
		if took := time.Since(pinged).Truncate(time.Second); took != time.Minute {
			t.Errorf("closed %v after the last ping, want a minute", took)
		}
	})
}

// Nonsense ends a Socket.IO connection, as with the library's own server.
func TestUpliftSocketIONonsense(t *testing.T) {
	for _, text := range []string{"", "7", "1", "4", "49", "42" + socketNamespace + ",[]", eventPrefix + `["cancel",{}]`, joinPacket + "\x1e", "42/other,[\"x\"]"} {
		synctest.Test(t, func(t *testing.T) {
			c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor}, roomPath, nil)
			c.Send(text)
			if !c.Server.WaitFor(func(s engine.Stats) bool { return s.Sockets == 1 && s.OpenSockets == 0 }, 2*time.Second) {
				t.Errorf("%q: the connection goes on", text)
			}
		})
	}
}
