package together

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// What can't be is refused by the first message, and the socket is closed or left to the client.
func TestTogetherRefusesSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, query := range map[string]string{
			"unknown model":   "?model=nobody/nothing",
			"no such segment": "?segment=word",
			"no number":       "?sample_rate=high",
			"no such rate":    "?sample_rate=12345",
			"too fast":        "?speed=9",
			"no such format":  "?response_format=opus",
			"no partial":      "?max_partial_length=0",
			"fraction":        "?max_partial_length=1.5",
			"locale":          "?language=zh-HK",
			"alignment":       "?alignment=letter",
			"dictionary":      "?extra_params=%7B%22pronunciation_dict%22%3A%5B%22omg%22%5D%7D",
			"no object":       "?extra_params=omg",
		} {
			c := dial(t, drawn(t, "refusalCloses:true"), query)
			if first := c.read(); first["type"] != failed {
				t.Errorf("%s: got %v, want a failure", name, first)
			}
			if got := c.closeCode(); got != int(websocket.StatusPolicyViolation) {
				t.Errorf("%s: got close code %d, want 1008", name, got)
			}
		}
		c := dial(t, drawn(t, "refusalCloses:false"), "?model=nobody/nothing")
		if first := c.read(); codeOfFailure(first) != "model_not_available" {
			t.Fatalf("got %v, want model_not_available", first)
		}
		c.speak("", "Hello there.")
		if err := c.Conn.Ping(t.Context()); err != nil {
			t.Errorf("the refused socket does not live: %v", err)
		}
	})
}

// The address' parameters hold: either way to write a model's slash, and the documented defaults.
func TestTogetherSessionNamesModelAndVoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for query, want := range map[string][2]string{
			"": {"hexgrad/Kokoro-82M", "tara"},
			"?model=hexgrad%2FKokoro-82M&voice=af_bella%2Baf_heart": {"hexgrad/Kokoro-82M", "af_bella+af_heart"},
			"?model=canopylabs/orpheus-3b-0.1-ft&voice=leah":        {"canopylabs/orpheus-3b-0.1-ft", "leah"},
		} {
			c := dial(t, engine.Options{Seed: 1}, query)
			session, _ := c.read()["session"].(map[string]any)
			if got := [2]string{session["model"].(string), session["voice"].(string)}; got != want {
				t.Errorf("%q: got %v, want %v", query, got, want)
			}
		}
	})
}

// At most 100 contexts: the one beyond is refused, unless others have spoken and are let go.
func TestTogetherContextLimit(t *testing.T) {
	fill := func(c client, speak bool) {
		for i := range maxContexts {
			id := "c" + strings.Repeat("x", i)
			if speak {
				c.speak(id, "Hi.")
				c.until(done)
			} else {
				c.Send(appendFrame(id, "Hi."))
				c.until(received)
			}
		}
	}
	for name, tt := range map[string]struct {
		quirks []string
		speak  bool
		want   string
	}{
		"by failure": {[]string{"contextsFreed:false", "overflowEvent:false"}, true, failed},
		"by error":   {[]string{"contextsFreed:false", "overflowEvent:true"}, true, "error"},
		"none spent": {[]string{"contextsFreed:true", "overflowEvent:false"}, false, failed},
		"freed":      {[]string{"contextsFreed:true"}, true, received},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, drawn(t, tt.quirks...), speechQuery)
				fill(c, tt.speak)
				if !tt.speak || c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 10*time.Second) {
					c.Send(appendFrame("one too many", "Hi."))
				}
				if got := c.read(); got["type"] != tt.want {
					t.Errorf("got %v, want %s", got, tt.want)
				}
			})
		})
	}
	t.Run("a cancel makes room", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, drawn(t, "contextsFreed:false"), speechQuery)
			fill(c, false)
			c.Send(cancelFrame("cx"), appendFrame("another", "Hi."))
			c.until(cancelled, received)
		})
	})
}

// A client that floods is answered, and what waits is bounded.
func TestTogetherFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, drawn(t, "partialAlways:false"), speechQuery)
		half := strings.Repeat("word ", maxWaiting/5/2+1)
		c.Send(appendFrame("a", half), appendFrame("a", half), appendFrame("b", "Hi."))
		got := c.until(received, failed, received)
		if n := len(of(got, received)); n != 2 {
			t.Errorf("%d texts were taken, want 2", n)
		}

		o := drawn(t, "partialAlways:false")
		o.FirstAudio = time.Minute // nothing gets away
		c = open(t, o, "?voice=af_heart")
		c.Send(appendFrame("a", strings.Repeat("a. ", maxItems+10)))
		c.until(received, failed)
	})
}

// A socket on which nothing is said is closed, where the vendor does so; a ping is something, or it is not.
func TestTogetherIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const idle, ping = 30 * time.Second, 20 * time.Second
		for _, counts := range []bool{true, false} {
			c := open(t, drawn(t, "idleSeconds:30", fmt.Sprintf("pingsCount:%t", counts), "idleCode:1001"), speechQuery)
			began := time.Now()
			time.Sleep(ping)
			if err := c.Conn.Ping(t.Context()); err != nil {
				t.Errorf("ping: %v", err)
			}
			if got := c.closeCode(); got != 1001 {
				t.Errorf("got close code %d, want 1001", got)
			}
			want := idle
			if counts {
				want += ping
			}
			if took := time.Since(began).Truncate(time.Second); took != want {
				t.Errorf("pings count %t: closed after %v, want %v", counts, took, want)
			}
		}
	})
}
