package deepgram

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/downstream"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
	"voicerelay/server"
)

// ask sends a request with the key as the vendor's clients show it.
func ask(t *testing.T, r *downstreamtest.Relay, method, target, body string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+r.Prefix+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = token()
	request.Header.Set("Content-Type", "application/json")
	answer, err := r.HTTP().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func textBody(text string) string {
	body, err := json.Marshal(map[string]any{"text": text, "unknown": []int{1}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// Answers are in the format of the query, and say so.
func TestAnswersInTheFormatOfTheQuery(t *testing.T) {
	const header = 44 // bytes of a WAV file's
	for query, want := range map[string]struct {
		media string
		skip  int
	}{
		"":                                     {"audio/wav", header},
		"encoding=linear16":                    {"audio/wav", header},
		"encoding=linear16&container=wav":      {"audio/wav", header},
		"encoding=linear16&container=none":     {"audio/l16;rate=24000", 0},
		"encoding=mulaw&container=none":        {"audio/mulaw", -1},
		"encoding=alaw":                        {"audio/alaw", -1},
		"sample_rate=24000":                    {"audio/wav", header},
		"encoding=linear16&sample_rate=8000":   {"audio/wav", -1},
		"encoding=linear16&bit_rate=1&x=y&z=1": {"audio/wav", header},
		"encoding=flac":                        {"audio/flac", -1},
		"encoding=flac&container=none&sample_rate=16000&bit_rate=1": {"audio/flac", -1},
	} {
		for _, path := range []string{pathAura, pathFlux} {
			t.Run(path+"?"+query, func(t *testing.T) {
				inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
					answer := ask(t, r, http.MethodPost, path+"?model=narrator&"+query, textBody(another))
					body, err := io.ReadAll(answer.Body)
					if err != nil || answer.StatusCode != http.StatusOK {
						t.Fatalf("got %d: %s, %v", answer.StatusCode, body, err)
					}
					h := answer.Header
					if h.Get("Content-Type") != want.media || h.Get("dg-model-name") != "narrator" || h.Get("dg-char-count") != "32" || h.Get("dg-request-id") == "" {
						t.Errorf("the header is %v", h)
					}
					if want.skip >= 0 {
						wantHeard(t, body[want.skip:], another)
					}
				})
			})
		}
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		query, body string
		status      int
		code, about string
	}{
		"no voice":          {"model=nobody", textBody(another), 404, "INVALID_QUERY_PARAMETER", "nobody"},
		"callback":          {"model=narrator&callback=https://a.example", textBody(another), 400, "Bad Request", "callback"},
		"aac":               {"encoding=aac", textBody(another), 400, "INVALID_QUERY_PARAMETER", "encoding"},
		"no encoder":        {"encoding=mp3", textBody(another), 400, "INVALID_QUERY_PARAMETER", "lame"},
		"opus's rates":      {"encoding=opus&sample_rate=44100", textBody(another), 400, "INVALID_QUERY_PARAMETER", "44100"},
		"bit rate":          {"encoding=mp3&bit_rate=x", textBody(another), 400, "Bad Request", "bit_rate"},
		"no bit rate":       {"encoding=opus&bit_rate=-1", textBody(another), 400, "Bad Request", "bit_rate"},
		"container":         {"encoding=linear16&container=ogg", textBody(another), 400, "INVALID_QUERY_PARAMETER", "container"},
		"G.711 in a file":   {"encoding=mulaw&container=wav", textBody(another), 400, "INVALID_QUERY_PARAMETER", "container"},
		"rate":              {"sample_rate=12345", textBody(another), 400, "INVALID_QUERY_PARAMETER", "12345"},
		"speed":             {"speed=9", textBody(another), 400, "Bad Request", "speed"},
		"no JSON":           {"", "Hello.", 400, "Bad Request", "JSON"},
		"an array":          {"", "[]", 400, "Bad Request", "object"},
		"nothing":           {"", "", 400, "Bad Request", "object"},
		"no text":           {"", `{"url":"https://a.example"}`, 400, "Bad Request", "text"},
		"text is null":      {"", `{"text":null}`, 400, "Bad Request", "text"},
		"text is empty":     {"", `{"text":""}`, 400, "Bad Request", "text"},
		"text is a number":  {"", `{"text":7}`, 400, "Bad Request", "text"},
		"text is not UTF-8": {"", "{\"text\":\"\xff\"}", 400, "Bad Request", "UTF-8"},
		"text is too long":  {"", textBody(strings.Repeat("long ", 3000)), 413, "PAYLOAD_TOO_LARGE", "10000"},
		"body is too long":  {"", textBody(strings.Repeat("long ", 100_000)), 413, "PAYLOAD_TOO_LARGE", "bytes"},
		"nests too deep":    {"", `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 400, "Bad Request", "deep"},
	} {
		t.Run(name, func(t *testing.T) {
			inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
				wantRefused(t, ask(t, r, http.MethodPost, pathAura+"?"+tt.query, tt.body), tt.status, tt.code, tt.about)
			})
		})
	}
}

func TestTextWithoutAKeyIsRefused(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		answer, err := r.HTTP().Post("http://localhost"+r.Prefix+pathAura, "application/json", strings.NewReader(textBody(another)))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		wantRefused(t, answer, 401, "INVALID_AUTH", "")
	})
}

// An answer that was refused by the engine is an error as well.
func TestFailureBeforeTheFirstAudioIsAnError(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		r.First.Refuse, r.Second.Refuse = errGone, errGone
		wantRefused(t, ask(t, r, http.MethodPost, pathAura, textBody(another)), 502, "UPSTREAM_FAILED", "")
	})
}

// A body that breaks off is no whole one.
func TestFailureInMidSpeechBreaksTheBodyOff(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		r.First.Breaks(9, errGone)
		r.Second.Breaks(9, errGone)
		answer := ask(t, r, http.MethodPost, pathAura+"?encoding=linear16&container=none", textBody(twelve))
		if body, err := io.ReadAll(answer.Body); err == nil || len(body) == 0 {
			t.Errorf("%d bytes, and a clean end", len(body))
		}
	})
}

// Frameworks take an answer without audio for a failure.
func TestNothingToSpeakIsAMomentOfSilence(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		answer := ask(t, r, http.MethodPost, pathAura+"?encoding=linear16&container=none", textBody("…"))
		body, err := io.ReadAll(answer.Body)
		if err != nil || len(body) != 4800 || relaytest.Heard(body) != "" {
			t.Errorf("got %d bytes, %v", len(body), err)
		}
	})
}

// A client that hangs up cancels.
func TestHangingUpCancels(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		r.First.Pace = time.Second
		answer := ask(t, r, http.MethodPost, pathAura+"?encoding=linear16&container=none", textBody(twelve))
		if _, err := io.ReadFull(answer.Body, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close() // which hangs up
		time.Sleep(time.Second)
		synctest.Wait()
		if n := r.First.StreamsOpen(); n != 0 {
			t.Errorf("%d streams are still open", n)
		}
	})
}

// The list has the voices that the key may use, in the vendor's form. At the root it is for the vendor's clients alone.
func TestModels(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		for _, target := range []string{r.Prefix + "/v1/models", "/v1/models"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header = token()
			answer, err := r.HTTP().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			var list struct {
				STT []any
				TTS []struct {
					Name      string
					Canonical string `json:"canonical_name"`
					Languages []string
					UUID      string
				}
			}
			if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
				t.Fatal(err)
			}
			if list.STT == nil || len(list.TTS) != 1 || list.TTS[0].Name != "narrator" || list.TTS[0].Canonical != "narrator" || list.TTS[0].Languages[0] != "en" {
				t.Errorf("%s: got %+v", target, list)
			}
		}
		for target, status := range map[string]int{"/v1/models": http.StatusNotFound, r.Prefix + "/v1/models": http.StatusOK} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+downstreamtest.Key)
			answer, err := r.HTTP().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != status {
				t.Errorf("%s: another vendor's client got %d, want %d", target, answer.StatusCode, status)
			}
		}
	})
}

// Ids are in the form that clients know, and do not change.
func TestUUIDs(t *testing.T) {
	if a, b := uuidOf("narrator"), uuidOf("narrator"); a != b || len(a) != 36 || a[14] != '8' || a == uuidOf("actor") {
		t.Errorf("got %s and %s", a, b)
	}
}

// The operator says what clients get that name no encoding.
func TestEncodingOfTheOperator(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		answer := ask(t, r, http.MethodPost, pathAura, textBody(another))
		if got := answer.Header.Get("Content-Type"); got != "audio/l16;rate=24000" {
			t.Errorf("got %s", got)
		}
	}, func(cfg *server.Config, _ *server.Parts) {
		cfg.Dialects = map[string]downstream.Settings{"deepgram": {Enabled: true, Root: true, MP3Fallback: "pcm_s16le"}}
	})
}
