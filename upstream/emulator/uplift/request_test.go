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
	o := drawn(t, engine.Options{FirstAudio: time.Hour}, func(q quirks) bool { return q.startsEarly && q.parallel == 8 })
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

// A canceled request is silent but for the frames that were under way, and is not charged for the rest.
func TestUpliftCancel(t *testing.T) {
	for late := range 3 {
		// At this pace the second frame would come after five seconds.
		o := drawn(t, engine.Options{Pace: 0.02, Chunk: 100 * time.Millisecond}, func(q quirks) bool { return q.lateFrames == late && q.silence == startAndEnd })
		t.Run(fmt.Sprintf("%d late frames", late), func(t *testing.T) {
			onBoth(t, o, func(t *testing.T, c client) {
				c.speak("r1", twelveWords, "")
				for c.message()["type"] != "audio" {
				}
				c.send(engine.Object{"type": "cancel", "requestId": "r1"})
				c.send(engine.Object{"type": "cancel", "requestId": "nobody"})
				if !c.Server.WaitFor(func(s engine.Stats) bool { return s.Streams[0].Over }, 10*time.Second) {
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
				st := c.Server.Stats()
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
		synctest.Test(t, func(t *testing.T) {
			o := drawn(t, engine.Options{}, func(q quirks) bool { return q.silence == silence })
			c := talk(t, o, plainTransport)
			c.send(engine.Object{"type": "synthesize", "requestId": "r1", "text": "One.", "voiceId": "v_nobody"})
			c.Server.WaitFor(func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Over }, 10*time.Second)
			c.speak("r2", "One.", "")
			var got []string
			for o := c.message(); o["requestId"] == "r1"; o = c.message() {
				kind, _ := o["type"].(string)
				got = append(got, kind)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestUpliftSequences(t *testing.T) {
	for _, gaps := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := drawn(t, engine.Options{Chunk: 100 * time.Millisecond}, func(q quirks) bool { return q.sequenceGaps == gaps })
			c := talk(t, o, plainTransport)
			c.speak("r", twelveWords, "")
			got := c.hear("r").sequence
			if dense := got[len(got)-1] == len(got)-1; got[0] != 0 || !slices.IsSorted(got) || dense == gaps {
				t.Errorf("gaps %t: got %v", gaps, got)
			}
		})
	}
}

func TestUpliftTimestampsAreOfItsUnit(t *testing.T) {
	for _, millis := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := drawn(t, engine.Options{}, func(q quirks) bool { return q.millis == millis })
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
		o := drawn(t, engine.Options{}, func(q quirks) bool { return q.idle == time.Minute })
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
