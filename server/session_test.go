package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// quick is the limits with some changed.
func quick(change func(*limits.Config)) Config {
	cfg := Config{}
	cfg.Local.Limits = limits.Default()
	change(&cfg.Local.Limits)
	return cfg
}

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick(func(l *limits.Config) { l.IdleTimeout = 3 * time.Second })
		c := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		began := time.Now()
		if got := c.closeStatus(); got != 4408 {
			t.Errorf("closed with %d, want 4408", got)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("closed after %v, want 3s", took)
		}
	})
}

// A pong is a sign of life, not of use: a client that answers each ping, or sends pings itself, and says nothing, is idle.
func TestPongsAreNoUse(t *testing.T) {
	for name, alive := range map[string]func(c *client){
		"it answers pings": func(*client) {},
		"it sends pings": func(c *client) {
			for c.conn.Ping(context.Background()) == nil {
				time.Sleep(10 * time.Second)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
				began := time.Now()
				over := make(chan struct{})
				go func() { // ends with the connection
					defer close(over)
					alive(c)
				}()
				if got := c.closeStatus(); got != 4408 {
					t.Errorf("closed with %d, want 4408", got)
				}
				if took := time.Since(began); took != 5*time.Minute {
					t.Errorf("closed after %v, want 5m", took)
				}
				<-over
			})
		})
	}
}

// A client that speaks, listens or asks by a message uses the connection.
func TestUseKeepsAConnection(t *testing.T) {
	for name, use := range map[string]func(c *client, f *relaytest.FakeProvider){
		"it asks": func(c *client, _ *relaytest.FakeProvider) {
			go func() { // the client reads meanwhile
				for range 6 {
					time.Sleep(4 * time.Minute)
					_ = c.write(`{"type":"ping"}`) // the pong is waited for
				}
			}()
			for range 6 {
				c.until("pong")
			}
		},
		"it listens": func(c *client, f *relaytest.FakeProvider) {
			f.Pace = 2 * time.Minute
			c.send(generate("g1", relaytest.TwelveWords, ""))
			c.until("done")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := relaytest.NewFake()
				cfg := quick(func(l *limits.Config) { l.IdleTimeout = 5 * time.Minute })
				pace := routing.DefaultPace()
				pace.FirstAudioTimeout, pace.StallTimeout = time.Hour, time.Hour
				c := newPacedRig(t, pace, cfg, []string{"alpha"}, fakes{"alpha": f}).dial("")
				began := time.Now()
				use(c, f)
				if took := time.Since(began); took < 10*time.Minute {
					t.Fatalf("it was used for %v only", took)
				}
				last := time.Now()
				if got := c.closeStatus(); got != 4408 || time.Since(last) != 5*time.Minute {
					t.Errorf("closed with %d after %v, want 4408 five minutes after the last use", got, time.Since(last))
				}
			})
		})
	}
}

func TestClientThatAnswersPingsLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick(func(l *limits.Config) { l.IdleTimeout = 2 * time.Hour })
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		c := r.dial("")
		c.next()
		reading := c.conn.CloseRead(context.Background()) // answers pings
		time.Sleep(time.Hour)
		if reading.Err() != nil || len(r.srv.current()) != 1 {
			t.Error("a client that answers every ping was dropped")
		}
	})
}

func TestSilentPeerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		c := r.dial("")
		c.next()
		go func() { // takes bytes like a kernel, and answers nothing
			buf := make([]byte, 1024)
			conn := websocketNetConn(c)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		}()
		time.Sleep(39 * time.Second)
		if len(r.srv.current()) != 1 {
			t.Error("dropped before its time")
		}
		time.Sleep(2 * time.Second)
		if len(r.srv.current()) != 0 {
			t.Error("a peer that answers nothing for 20 s after a ping is still there")
		}
	})
}

func TestStrikesCloseTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		c.next()
		for i := range 19 {
			c.send(`{"type":"nonsense"}`)
			if e := c.next(); e["code"] != "invalid_request" {
				t.Fatalf("message %d: got %v", i, e)
			}
		}
		time.Sleep(61 * time.Second) // they are forgiven
		for range 19 {
			c.send(`not JSON`)
			c.next()
		}
		c.send(`[]`)
		if e := c.next(); e["code"] != "invalid_request" {
			t.Errorf("last message: got %v", e)
		}
		if got := c.closeStatus(); got != websocket.StatusPolicyViolation {
			t.Errorf("closed with %d, want 1008", got)
		}
	})
}

func TestFramesThatAreNoMessagesCloseTheConnection(t *testing.T) {
	tests := map[string]struct {
		kind websocket.MessageType
		data string
		want websocket.StatusCode
	}{
		"binary":    {websocket.MessageBinary, `{"type":"ping"}`, 1003},
		"not UTF-8": {websocket.MessageText, "{\"type\":\"ping\",\"id\":\"\xff\"}", 1007},
		"too large": {websocket.MessageText, `{"type":"ping","id":"` + strings.Repeat("x", 300_000) + `"}`, 1009},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
				go func() { _ = c.conn.Write(context.Background(), test.kind, []byte(test.data)) }() // may fail: the relay closes
				if got := c.closeStatus(); got != test.want {
					t.Errorf("closed with %d, want %d", got, test.want)
				}
			})
		})
	}
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("a", 101)
	tests := map[string]struct {
		sent []string
		code string
		more map[string]any
	}{
		"duplicate id":     {[]string{generate("g1", "Hello there.", ""), generate("g1", "Again.", "")}, "duplicate_request", map[string]any{"param": "generation_id"}},
		"text too long":    {[]string{generate("g1", long, "")}, "text_too_long", map[string]any{"status": 413.0}},
		"append too long":  {[]string{generate("g1", "Hello.", `,"final":false`), `{"type":"append","generation_id":"g1","text":"` + long + `"}`}, "text_too_long", nil},
		"unknown voice":    {[]string{generate("g1", "Hello.", `,"voice":"nobody"`)}, "unknown_voice", map[string]any{"param": "voice"}},
		"unknown route":    {[]string{generate("g1", "Hello.", `,"route":"nowhere"`)}, "unknown_route", nil},
		"unknown provider": {[]string{generate("g1", "Hello.", `,"provider_options":{"nobody":{}}`)}, "invalid_request", map[string]any{"param": "provider_options.nobody"}},
		"bad option":       {[]string{generate("g1", "Hello.", `,"provider_options":{"alpha":{"bad":1}}`)}, "invalid_request", map[string]any{"param": "provider_options.alpha.bad"}},
		"never named":      {[]string{`{"type":"append","generation_id":"g9","text":"x"}`}, "unknown_generation", nil},
		"no such context":  {[]string{`{"type":"cancel","context_id":"c9"}`}, "unknown_generation", map[string]any{"param": "context_id"}},
		"played, unknown":  {[]string{`{"type":"cancel","all":true,"played":{"g9":1}}`}, "unknown_generation", map[string]any{"param": "played.g9"}},
		"text finished":    {[]string{generate("g1", "Hello.", ""), `{"type":"append","generation_id":"g1","text":"x"}`}, "text_finished", nil},
		"unknown default":  {[]string{`{"type":"configure","voice":"nobody"}`}, "unknown_voice", map[string]any{"command": "configure"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := relaytest.NewFake()
				f.Pace = time.Second // so that the first generation still runs
				cfg := quick(func(l *limits.Config) { l.MaxTextCharacters = 100 })
				c := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": f}).dial("")
				for _, message := range test.sent {
					c.send(message)
				}
				refused, _ := c.until("error")
				if refused["code"] != test.code {
					t.Errorf("got %v, want %s", refused, test.code)
				}
				for field, want := range test.more {
					if refused[field] != want {
						t.Errorf("%s: got %v, want %v", field, refused[field], want)
					}
				}
			})
		})
	}
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick(func(l *limits.Config) { l.GenerationsPerMinute, l.CancelsPerMinute = 2, 1 })
		c := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		for i := range 2 {
			c.send(generate(fmt.Sprint("g", i), "Hello there.", ""))
			c.until("done")
		}
		c.send(generate("g2", "Hello there.", ""))
		refused, _ := c.until("error")
		if refused["code"] != "rate_limit_exceeded" || refused["retry_after_ms"] != 30000.0 {
			t.Errorf("third generate: got %v", refused)
		}
		time.Sleep(30 * time.Second)
		c.send(generate("g2", "Hello there.", "")) // its id is free still
		c.until("done")
		c.send(`{"type":"cancel","generation_id":"g2"}`) // hits nothing, and is counted
		c.send(`{"type":"cancel","generation_id":"g2","played_ms":10}`)
		c.until("spoken")
		c.send(`{"type":"cancel","generation_id":"g2"}`)
		if refused, _ := c.until("error"); refused["code"] != "rate_limit_exceeded" || refused["command"] != "cancel" {
			t.Errorf("second vain cancel: got %v", refused)
		}
	})
}

func TestIdempotencyKeyIsFreedWithoutAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		one, other := r.dial(""), r.dial("")
		one.send(generate("g1", "Hello there.", `,"idempotency_key":"k"`))
		one.until("done")
		other.send(generate("h1", "Hello there.", `,"idempotency_key":"k"`))
		refused, _ := other.until("error")
		first, _ := refused["first"].(map[string]any)
		if refused["code"] != "duplicate_request" || first["generation_id"] != "g1" || first["state"] != "completed" {
			t.Errorf("second use: got %v", refused)
		}
		f.Mu.Lock()
		f.Silent = true
		f.Mu.Unlock()
		other.send(generate("h2", "Hello there.", `,"idempotency_key":"free"`))
		other.until("done") // failed, and no audio
		f.Mu.Lock()
		f.Silent = false
		f.Mu.Unlock()
		other.send(generate("h3", "Hello there.", `,"idempotency_key":"free"`))
		if done, _ := other.until("done"); done["reason"] != "completed" {
			t.Errorf("use of a freed key: got %v", done)
		}
	})
}

func TestConfigureSetsDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(`{"type":"configure","output":{"encoding":"mulaw","sample_rate":8000},"speed":1.5,"metadata":{"a":"b"}}`)
		configured, _ := c.until("configured")
		defaults := configured["defaults"].(map[string]any)
		if defaults["speed"] != 1.5 || defaults["route"] != "default" || defaults["voice"] != nil {
			t.Errorf("defaults: got %v", defaults)
		}
		c.send(generate("g1", "Hello there.", ""))
		started, _ := c.until("started")
		if output := started["output"].(map[string]any); output["encoding"] != "mulaw" {
			t.Errorf("output: got %v", output)
		}
		c.until("done")
		c.send(`{"type":"configure","output":null,"speed":null}`)
		configured, _ = c.until("configured")
		if output := configured["defaults"].(map[string]any)["output"].(map[string]any); output["sample_rate"] != 24000.0 {
			t.Errorf("after null: got %v", configured)
		}
	})
}

func TestWhoMayConnect(t *testing.T) {
	key := Key{Name: "agent", Tenant: "acme", Hash: sha256.Sum256([]byte("right")), Limits: limits.Default()}
	keyed := Config{Keys: []Key{key}, Origins: []string{"https://app.example.com"}}
	tests := map[string]struct {
		cfg    Config
		change func(*http.Request)
		path   string
		want   int
	}{
		"local":                 {Config{}, func(*http.Request) {}, "/v1/voices", 200},
		"local, by a name":      {Config{}, func(r *http.Request) { r.Host = "relay.internal" }, "/v1/voices", 403},
		"local, configured":     {Config{Hosts: []string{"relay.internal"}}, func(r *http.Request) { r.Host = "relay.internal:8080" }, "/v1/voices", 200},
		"local, forwarded":      {Config{}, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "::1") }, "/v1/voices", 403},
		"local, other machine":  {Config{}, func(r *http.Request) { r.RemoteAddr = "10.0.0.9:1" }, "/v1/voices", 403},
		"local, health by name": {Config{}, func(r *http.Request) { r.Host = "evil.example" }, "/healthz", 403},
		"page from elsewhere":   {Config{}, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, "/v1/voices", 403},
		"page as configured":    {keyed, func(r *http.Request) { r.Header.Set("Origin", "https://app.example.com"); bearer(r, "right") }, "/v1/voices", 200},
		"no key":                {keyed, func(*http.Request) {}, "/v1/voices", 401},
		"wrong key":             {keyed, func(r *http.Request) { bearer(r, "wrong") }, "/v1/voices", 401},
		"key in the query":      {keyed, func(r *http.Request) { r.URL.RawQuery = "api_key=right" }, "/v1/voices", 200},
		"not an admin":          {keyed, func(r *http.Request) { bearer(r, "right") }, "/v1/providers", 403},
		"health needs no key":   {keyed, func(r *http.Request) { r.RemoteAddr = "10.0.0.9:1" }, "/healthz", 200},
		"unknown path":          {Config{}, func(*http.Request) {}, "/v2", 404},
		"no upgrade":            {Config{}, func(*http.Request) {}, "/v1/speech", 400},
		"unknown parameter":     {Config{}, func(r *http.Request) { upgrade(r); r.URL.RawQuery = "voice=x" }, "/v1/speech", 400},
		"other subprotocol":     {Config{}, func(r *http.Request) { upgrade(r); r.Header.Set("Sec-WebSocket-Protocol", "v2") }, "/v1/speech", 400},
		"metrics":               {Config{}, func(*http.Request) {}, "/metrics", 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newRig(t, test.cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				request := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+test.path, nil)
				request.RemoteAddr = "127.0.0.1:9"
				test.change(request)
				answer := httptest.NewRecorder()
				rig.srv.Handler().ServeHTTP(answer, request)
				if answer.Code != test.want {
					t.Errorf("got %d %s, want %d", answer.Code, answer.Body, test.want)
				}
			})
		})
	}
}

func bearer(r *http.Request, key string) { r.Header.Set("Authorization", "Bearer "+key) }

func upgrade(r *http.Request) { r.Header.Set("Upgrade", "websocket") }

// A client that has a generation's done may start the next in its stead at once.
func TestDoneFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick(func(l *limits.Config) { l.MaxConcurrentGenerations, l.GenerationsPerMinute = 1, 1000 })
		c := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		for i := range 200 {
			c.send(generate(fmt.Sprint("g", i), "Hi.", ""))
			for kind := ""; kind != "done"; {
				if kind = c.next().kind(); kind == "error" {
					t.Fatalf("generation %d was refused", i)
				}
			}
		}
	})
}
