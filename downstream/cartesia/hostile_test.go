package cartesia_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/server"
)

// hostile are messages that no client should send. want is the code of the error; empty: it is an error's like any other.
func hostile() map[string]string {
	all := map[string]string{
		"":                               "invalid_request",
		"null":                           "invalid_request",
		"7":                              "invalid_request",
		"[]":                             "invalid_request",
		`"text"`:                         "invalid_request",
		"{":                              "invalid_request",
		"{}":                             "invalid_request",
		`{"context_id":""}`:              "invalid_request",
		`{"context_id":null}`:            "invalid_request",
		`{"context_id":7}`:               "invalid_request",
		"{\"context_id\":\"\xff\"}":      "invalid_request",
		strings.Repeat(`{"a":`, 100):     "invalid_request",
		strings.Repeat("[", 10_000):      "invalid_request",
		`{"context_id":"` + long(300):    "invalid_request",
		`{"context_id":"a"} {"b":1}`:     "invalid_request",
		`{"context_id":"a","continue":7`: "invalid_request",
	}
	base := map[string]any{
		"model_id": "sonic-3", "transcript": "Hello.", "voice": map[string]any{"mode": "id", "id": downstreamtest.Voice}, "continue": false,
		"output_format": map[string]any{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
	}
	n := 0
	with := func(want, field string, values ...any) {
		for _, value := range values {
			n++
			changed := map[string]any{"context_id": fmt.Sprint("h", n)}
			for name, v := range base {
				changed[name] = v
			}
			if name, within, ok := strings.Cut(field, "."); ok {
				inner := map[string]any{}
				if was, ok := changed[name].(map[string]any); ok {
					for k, v := range was {
						inner[k] = v
					}
				}
				inner[within] = value
				changed[name] = inner
			} else {
				changed[field] = value
			}
			data, err := json.Marshal(changed)
			if err != nil {
				panic(err)
			}
			all[string(data)] = want
		}
	}
	const invalid, format = "invalid_request", "unsupported_format"
	wrong := []any{7, -1.5, true, []any{}, []any{1}, map[string]any{"a": 1}}
	for _, field := range []string{"transcript", "model_id", "language", "locale", "output_format.container", "output_format.encoding"} {
		with(invalid, field, wrong...)
	}
	with(invalid, "voice", 7, true, []any{}, []any{"a"}, map[string]any{"id": 7}, map[string]any{"mode": "embedding", "embedding": []any{0.1}})
	with(invalid, "voice", long(300), map[string]any{"mode": "id", "id": long(300)})
	with(invalid, "output_format", 7, "raw", true, []any{})
	with(format, "output_format", nil, map[string]any{})
	with(invalid, "output_format.sample_rate", "fast", []any{}, map[string]any{})
	with(format, "output_format.sample_rate", 0, -1, 1e300, 23999, 24000.5, nil, "", 96000, 32000)
	with(format, "output_format.container", "", "ogg", "RAW", "mp3", "wav", "flac", long(10_000), nil)
	with(format, "output_format.encoding", "", "pcm", "PCM_S16LE", "pcm_s24le", "pcm_mulaw", "pcm_alaw", long(10_000), nil)
	with(invalid, "continue", "maybe", 7, []any{}, map[string]any{})
	with(invalid, "flush", "maybe", 7, []any{}, map[string]any{})
	with(invalid, "cancel", "maybe", 7, []any{}, map[string]any{})
	with(invalid, "add_timestamps", "maybe", 7, []any{}, map[string]any{})
	with(invalid, "max_buffer_delay_ms", "soon", true, []any{}, map[string]any{})
	with(invalid, "generation_config", 7, "fast", []any{})
	with(invalid, "output_format.sample_rate", "NaN", "Inf", "-Inf")
	with(invalid, "generation_config.speed", 0, 0.1, -1, 9, 1e300, "NaN", "Inf", "fast", []any{}, map[string]any{})
	with("model_not_found", "model_id", "nova", "sonic"[1:], long(200), "first/")
	with("voice_not_found", "voice", "nobody", "first/", "NARRATOR", "narrator ", "\u0000", long(200))
	with(invalid, "language", "english language", "en_US!", "-", "en-", long(36), "é", "\u0000", "en/../..")
	with(invalid, "model_id", long(300))
	with("text_too_long", "transcript", strings.Repeat("a ", 6_000))
	return all
}

func long(n int) string { return strings.Repeat("x", n) }

// Each of them is answered by an error that clients can read, and none stands in the way of the next context.
func TestHostileMessagesHarmNobody(t *testing.T) {
	all := hostile()
	if len(all) < 150 {
		t.Fatalf("only %d messages", len(all))
	}
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		for message, want := range all {
			c, err := dial(r, downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice}, -1)
			if err != nil {
				t.Fatal(err)
			}
			c.write(message)
			switch m, err := c.read(); {
			case err != nil:
				t.Errorf("%.200s: %v", message, err)
			case *m.Type != "error" || m.Code != want:
				t.Errorf("%.200s: %s %s: %s, want an error %s", message, *m.Type, m.Code, m.Message, want)
			case len(m.Message) > 1000:
				t.Errorf("%.200s: an answer of %d bytes", message, len(m.Message))
			}
			c.Hangup()
		}
		c.speaks(t, "b", "Hello again.")
	}, limitless)
}

// limitless has no rate that a test of many messages would meet.
func limitless(cfg *server.Config, _ *server.Parts) {
	l := &cfg.Keys[0].Limits
	l.GenerationsPerMinute, l.HTTPGenerationsPerMinute, l.ConnectionsPerMinute = 100_000, 100_000, 100_000
}

// The same over HTTP: an answer with its true status.
func TestHostileRequestsHarmNobody(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		client := r.HTTP()
		for message, want := range hostile() {
			for _, path := range []string{"/tts/bytes", "/tts/sse"} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost"+r.Prefix+path, strings.NewReader(message))
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("X-Api-Key", downstreamtest.Key)
				answer, err := client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				if answer.StatusCode == http.StatusOK { // what means nothing over HTTP, or another container
					if !meansNothing(message) {
						t.Errorf("%s: %.200s: spoken", path, message)
					}
					_, _ = io.Copy(io.Discard, answer.Body) // its end is not the point
					_ = answer.Body.Close()                 // it was read
					continue
				}
				var body struct {
					Code string `json:"error_code"`
				}
				refused := downstreamtest.RefusedBy(answer)
				if json.Unmarshal([]byte(refused.Body), &body) != nil || refused.Status >= 500 || body.Code != want && !meansNothing(message) {
					t.Errorf("%s: %.200s: %d %.300s, want %s", path, message, refused.Status, refused.Body, want)
				}
			}
		}
		c.speaks(t, "b", "Hello again.")
	}, limitless)
}

// meansNothing reports whether what is wrong with a message is not so over HTTP.
func meansNothing(message string) bool {
	return strings.Contains(message, `"container":"wav"`) || len(message) < 25 && strings.Contains(message, "{}") || strings.HasPrefix(message, `{"context_id":""`) ||
		strings.HasPrefix(message, `{"context_id":null`)
}
