package together

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// A key is shown by header or by query. A bad one is refused by status or by the first message.
func TestTogetherKeys(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query  string
		header http.Header
		code   any // nil: let in
	}{
		"header":          {header: http.Header{"Authorization": {"Bearer right"}}},
		"query":           {query: "?api_key=right"},
		"wrong header":    {header: http.Header{"Authorization": {"Bearer wrong"}}, code: "invalid_api_key"},
		"wrong query":     {query: "?api_key=wrong", code: "invalid_api_key"},
		"none":            {code: "missing_api_key"},
		"empty":           {query: "?api_key=", code: "missing_api_key"},
		"header, no type": {header: http.Header{"Authorization": {"right"}}, code: "missing_api_key"},
	}
	for _, inBand := range []string{"authInBand:true", "authInBand:false"} {
		o := drawn(t, inBand)
		o.APIKey = "right"
		for name, tt := range tests {
			t.Run(inBand+" "+name, func(t *testing.T) {
				server, base := start(t, o)
				status, first := handshake(t, base+path+tt.query, tt.header)
				switch {
				case tt.code == nil:
					if first["type"] != created {
						t.Errorf("got status %d and %v, want %s", status, first, created)
					}
				case inBand == "authInBand:true":
					if first["type"] != failed || codeOfFailure(first) != tt.code {
						t.Errorf("got status %d and %v, want %v", status, first, tt.code)
					}
				case status != http.StatusUnauthorized:
					t.Errorf("got status %d and %v, want 401", status, first)
				}
				if got, want := server.Stats().Refused, map[bool]int{true: 0, false: 1}[tt.code == nil]; got != want {
					t.Errorf("%d were refused, want %d", got, want)
				}
			})
		}
	}
}

// What can't be is refused by the first message, and the socket is closed or left to the client.
func TestTogetherRefusesSessions(t *testing.T) {
	t.Parallel()
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
		t.Run(name, func(t *testing.T) {
			c := dial(t, drawn(t, "refusalCloses:true"), query)
			if first := c.read(); first["type"] != failed {
				t.Fatalf("got %v, want a failure", first)
			}
			if got := c.closeCode(); got != int(websocket.StatusPolicyViolation) {
				t.Errorf("got close code %d, want 1008", got)
			}
		})
	}
	t.Run("and stays open", func(t *testing.T) {
		c := dial(t, drawn(t, "refusalCloses:false"), "?model=nobody/nothing")
		if first := c.read(); codeOfFailure(first) != "model_not_available" {
			t.Fatalf("got %v, want model_not_available", first)
		}
		c.speak("", "Hello there.")
		if err := c.conn.Ping(readingBehind(c)); err != nil {
			t.Errorf("the refused socket does not live: %v", err)
		}
	})
}

// readingBehind reads what comes, which a ping needs to see its answer.
func readingBehind(c *client) context.Context { return c.conn.CloseRead(c.ctx) }

// The address' parameters hold: either way to write a model's slash, and the documented defaults.
func TestTogetherSessionNamesModelAndVoice(t *testing.T) {
	t.Parallel()
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
}

// At most 100 contexts: the one beyond is refused, unless others have spoken and are let go.
func TestTogetherContextLimit(t *testing.T) {
	t.Parallel()
	fill := func(c *client, speak bool) {
		for i := range maxContexts {
			id := "c" + strings.Repeat("x", i)
			if speak {
				c.speak(id, "Hi.")
				c.until(done)
			} else {
				c.send(appendFrame(id, "Hi."))
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
			t.Parallel()
			c := open(t, drawn(t, tt.quirks...), speechQuery)
			fill(c, tt.speak)
			if !tt.speak || c.server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 10*time.Second) {
				c.send(appendFrame("one too many", "Hi."))
			}
			if got := c.read(); got["type"] != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
	t.Run("a cancel makes room", func(t *testing.T) {
		c := open(t, drawn(t, "contextsFreed:false"), speechQuery)
		fill(c, false)
		c.send(cancelFrame("cx"), appendFrame("another", "Hi."))
		c.until(cancelled, received)
	})
}

// A socket on which nothing is said is closed, where the vendor does so; a ping is something, or it is not.
func TestTogetherIdle(t *testing.T) {
	t.Parallel()
	o := drawn(t, "idleSeconds:30", "pingsCount:true")
	o.Inactivity = 400 * time.Millisecond
	c := open(t, o, speechQuery)
	began := time.Now()
	reading := readingBehind(c)
	for range 12 {
		if err := c.conn.Ping(c.ctx); err != nil {
			t.Fatalf("ping: %v", err)
		}
		if !engine.Pause(reading, 50*time.Millisecond) {
			t.Fatalf("closed %v after a ping that counts", time.Since(began))
		}
	}
	<-reading.Done() // and now it is quiet
	if d := time.Since(began); d < 600*time.Millisecond {
		t.Errorf("closed after %v", d)
	}

	o = drawn(t, "idleSeconds:30", "pingsCount:false", "idleCode:1001")
	o.Inactivity = 50 * time.Millisecond
	if got := open(t, o, speechQuery).closeCode(); got != 1001 {
		t.Errorf("got close code %d, want 1001", got)
	}
}

// A client that floods is answered, and what waits is bounded.
func TestTogetherFlood(t *testing.T) {
	t.Parallel()
	c := open(t, drawn(t, "partialAlways:false"), speechQuery)
	half := strings.Repeat("word ", maxWaiting/5/2+1)
	c.send(appendFrame("a", half), appendFrame("a", half), appendFrame("b", "Hi."))
	got := c.until(received, failed, received)
	if n := len(of(got, received)); n != 2 {
		t.Errorf("%d texts were taken, want 2", n)
	}

	o := drawn(t, "partialAlways:false")
	o.FirstAudio = time.Minute // nothing gets away
	c = open(t, o, "?voice=af_heart")
	c.send(appendFrame("a", strings.Repeat("a. ", maxItems+10)))
	c.until(received, failed)
}
