package openai

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// asked is a request as a server gets it.
type asked struct {
	address string
	header  http.Header
	body    map[string]any
}

// ask is askFor of a text.
func ask(t *testing.T, cfg Config, url string, req upstream.Request, answer func(w http.ResponseWriter)) (asked, upstreamtest.Heard) {
	t.Helper()
	return askFor(t, "Hello <there>.", cfg, url, req, answer)
}

// askFor speaks a text to a server that notes what it gets, and answers as it is told to.
func askFor(
	t *testing.T, text string, cfg Config, url string, req upstream.Request, answer func(w http.ResponseWriter),
) (asked, upstreamtest.Heard) {
	t.Helper()
	var got asked
	client, stop := upstreamtest.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = asked{address: r.Method + " " + r.URL.String(), header: r.Header}
		if err := json.NewDecoder(r.Body).Decode(&got.body); err != nil {
			t.Error(err)
		}
		answer(w)
	}))
	defer stop()
	p, err := open(cfg, upstream.Env{Name: "o", URL: url, APIKey: "sk-key", HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	l, err := upstreamtest.OpenLine(t, p, req, "sk-key")
	if err != nil {
		t.Fatal(err)
	}
	l.Order(true, text)
	h := l.Finish()
	return got, h
}

// answering answers with a body of that type; empty: of none.
func answering(media, body string) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header()["Content-Type"] = []string{media}
		if media == "" {
			w.Header()["Content-Type"] = nil
		}
		w.Header().Set("X-Request-Id", "req_1")
		_, _ = w.Write([]byte(body))
	}
}

// What is sent is what the options and the client ask for, and nothing else.
func TestRequests(t *testing.T) {
	for name, c := range map[string]struct {
		cfg     Config
		url     string
		request func(*upstream.Request)
		address string
		auth    map[string]string
		body    map[string]any
	}{
		"as a rule": {
			cfg: defaults(), url: "http://server/v1", address: "POST /v1/audio/speech",
			auth: map[string]string{"Authorization": "Bearer sk-key", "Api-Key": ""},
			body: map[string]any{"model": "tts-1", "voice": "alloy", "response_format": "pcm"},
		},
		"with all": {
			cfg: with(func(c *Config) {
				c.Format, c.StreamFormat, c.Instructions = formatWAV, streamSSE, "Softly."
				c.Extra = `{"stream":true,"lang_code":"a"}`
			}),
			url: "http://server/v1/", address: "POST /v1/audio/speech",
			request: func(r *upstream.Request) { r.Speed, r.Model = 5, "kokoro" },
			auth:    map[string]string{"Authorization": "Bearer sk-key"},
			body: map[string]any{
				"model": "kokoro", "voice": "alloy", "response_format": "wav", "stream_format": "sse", "instructions": "Softly.",
				"speed": 4.0, "stream": true, "lang_code": "a",
			},
		},
		"Azure": {
			cfg: with(func(c *Config) {
				c.Auth, c.Query = authAPIKey, map[string]string{"api-version": "2025-03-01-preview"}
			}),
			url:     "http://server/openai/deployments/tts",
			request: func(r *upstream.Request) { r.Model = "" },
			address: "POST /openai/deployments/tts/audio/speech?api-version=2025-03-01-preview",
			auth:    map[string]string{"Authorization": "", "Api-Key": "sk-key"},
			body:    map[string]any{"model": "tts-1", "voice": "alloy", "response_format": "pcm"},
		},
		"without a key, by the client's instructions": {
			cfg: with(func(c *Config) { c.Auth, c.Instructions = authNone, "Softly." }), url: "http://server", address: "POST /audio/speech",
			request: func(r *upstream.Request) {
				loud := "Loudly."
				r.Options = &options{instructions: &loud}
			},
			auth: map[string]string{"Authorization": "", "Api-Key": ""},
			body: map[string]any{"model": "tts-1", "voice": "alloy", "response_format": "pcm", "instructions": "Loudly."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			req := testRequest
			if c.request != nil {
				c.request(&req)
			}
			got, h := ask(t, c.cfg, c.url, req, answering("audio/pcm", "abcd"))
			c.body["input"] = "Hello <there>."
			if got.address != c.address || !reflect.DeepEqual(got.body, c.body) {
				t.Errorf("got %s %v\nwant %s %v", got.address, got.body, c.address, c.body)
			}
			for name, want := range c.auth {
				if got := got.header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if got.header.Get("Content-Type") != "application/json" || got.header.Get("Idempotency-Key") != "" {
				t.Errorf("got header %v", got.header)
			}
			if h.Err != nil || h.Usage.RequestID != "req_1" {
				t.Errorf("got %+v, %v", h.Usage, h.Err)
			}
		})
	}
}

func TestAVoiceIsNeeded(t *testing.T) {
	p, err := open(defaults(), upstream.Env{Name: "o", URL: "http://server/v1"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Open(t.Context(), upstream.Request{}, upstreamtest.NewSink(t)); upstream.KindOf(err) != upstream.Rejected {
		t.Errorf("got %v, want rejected", err)
	}
}
