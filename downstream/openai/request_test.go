package openai_test

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/downstream/downstreamtest"
)

func TestKeysAreFoundWhereClientsPutThem(t *testing.T) {
	const key = downstreamtest.Key
	body := `{` + hello + `,"response_format":"pcm"}`
	inside := func(key string) string { return `{` + hello + `,"response_format":"pcm","api_key":"` + key + `"}` }
	for name, tt := range map[string]struct {
		path, body, authorization, apiKey string
		status                            int
	}{
		"bearer":                   {"", body, "Bearer " + key, "", 200},
		"another case":             {"", body, "bearer " + key, "", 200},
		"a header of its own":      {"", body, "", key, 200},
		"the query":                {"?api_key=" + key, body, "", "", 200},
		"the body":                 {"", inside(key), "", "", 200},
		"an empty header":          {"", inside(key), "Bearer ", "", 200},
		"none":                     {"", body, "", "", 401},
		"wrong":                    {"", body, "Bearer wrong", "", 401},
		"wrong in the body":        {"", inside("wrong"), "", "", 401},
		"wrong, right in the body": {"", inside(key), "Bearer wrong", "", 401},
		"no JSON":                  {"", "hello", "", "", 401},
		"no key, a large body":     {"", `{"input":"` + strings.Repeat("x", 70_000) + `"}`, "", "", 413},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				header := http.Header{"Authorization": {tt.authorization}, "X-Api-Key": {tt.apiKey}}
				if tt.authorization == "" {
					header["Authorization"] = nil
				}
				got := do(t, r, http.MethodPost, "/openai/v1/audio/speech"+tt.path, tt.body, header)
				if got.Status != tt.status {
					t.Fatalf("got %d %.200s, want %d", got.Status, got.Body, tt.status)
				}
				if fault := got.fault(); tt.status == 401 && (fault.Type != "invalid_request_error" || fault.Code != "invalid_api_key") {
					t.Errorf("refused with %+v", fault)
				}
			})
		})
	}
}

// Bodies that are read before a key is known are few, and slow ones harm nobody who shows a key in a header.
func TestRequestsWithoutAKeyAreBounded(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		statuses := make(chan int, 22)
		for range cap(statuses) {
			go func() {
				slow, ends := io.Pipe()
				defer ends.Close()
				request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/openai/v1/audio/speech", slow) // the URL is right
				answer, err := r.HTTP().Do(request)
				if err != nil {
					statuses <- 0
					return
				}
				statuses <- answer.StatusCode
				_ = answer.Body.Close() // it was a refusal
			}()
		}
		time.Sleep(time.Second)
		if got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, nil); got.Status != http.StatusOK {
			t.Errorf("one with a key gets %d %s", got.Status, got.Body)
		}
		time.Sleep(20 * time.Second)
		counts := map[int]int{}
		for range cap(statuses) {
			counts[<-statuses]++
		}
		if counts[http.StatusTooManyRequests] != 6 || counts[http.StatusBadRequest] != 16 {
			t.Errorf("answered %v, want 16 bodies of one address that did not come, and 6 refused at once", counts)
		}
	})
}

func TestAnIdempotencyKeyIsSpokenOnce(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		header := http.Header{"Idempotency-Key": {"stainless-node-retry-1"}}
		if got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, header); got.Status != http.StatusOK {
			t.Fatalf("got %d %s", got.Status, got.Body)
		}
		got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, header)
		// The vendor's clients ask again after a 409, unless they are told not to.
		if got.Status != 409 || got.Header.Get("X-Should-Retry") != "false" || got.fault().Param != "Idempotency-Key" {
			t.Errorf("got %d %s, X-Should-Retry %q", got.Status, got.Body, got.Header.Get("X-Should-Retry"))
		}
		if n := len(r.First.Requests()); n != 1 {
			t.Errorf("it was spoken %d times", n)
		}
	})
}

func TestWhatAVendorFailsAtIsNotAskedForAgain(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		r.First.Refuse, r.Second.Refuse = errGone, errGone
		got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, nil)
		if got.Status != 502 || got.Header.Get("X-Should-Retry") != "false" || got.Header.Get("X-Request-Id") == "" {
			t.Errorf("got %d, header %v", got.Status, got.Header)
		}
		if fault := got.fault(); fault.Type != "server_error" || fault.Code != "upstream_failed" {
			t.Errorf("refused with %+v", fault)
		}
	})
}

func TestTheRecordSaysWhoAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		header http.Header
		want   map[string]string
	}{
		"the first time":  {http.Header{"X-Stainless-Retry-Count": {"0"}}, map[string]string{"dialect": "openai"}},
		"the second time": {http.Header{"X-Stainless-Retry-Count": {"1"}}, map[string]string{"dialect": "openai", "client_retry": "1"}},
		"nonsense":        {http.Header{"X-Stainless-Retry-Count": {strings.Repeat("9", 300)}}, map[string]string{"dialect": "openai"}},
	} {
		t.Run(name, func(t *testing.T) {
			kept := downstreamtest.NewRecords()
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				speak(t, r, `{`+hello+`,"response_format":"pcm"}`, tt.header)
				if got := kept.All(); len(got) != 1 || !maps.Equal(got[0].Metadata, tt.want) {
					t.Errorf("recorded %+v, want %v", got, tt.want)
				}
			}, kept.Keep)
		})
	}
}

func TestARefusalNamesItsField(t *testing.T) {
	for fields, want := range map[string][2]string{
		`"input":null`:             {"invalid_request", "input"},
		`"input":""`:               {"invalid_request", "input"},
		`"input":7`:                {"invalid_request", "input"},
		`"model":["tts-1"]`:        {"invalid_request", "model"},
		`"voice":3`:                {"invalid_request", "voice"},
		`"voice":{"id":3}`:         {"invalid_request", "voice.id"},
		`"speed":"fast"`:           {"invalid_request", "speed"},
		`"speed":0.25`:             {"invalid_request", "speed"},
		`"speed":4`:                {"invalid_request", "speed"},
		`"speed":"NaN"`:            {"invalid_request", "speed"},
		`"response_format":"aac"`:  {"unsupported_format", "response_format"},
		`"response_format":"WAV"`:  {"unsupported_format", "response_format"},
		`"response_format":1`:      {"invalid_request", "response_format"},
		`"stream_format":"ndjson"`: {"invalid_request", "stream_format"},
		`"sample_rate":12345`:      {"unsupported_format", "sample_rate"},
		`"sample_rate":24000.5`:    {"unsupported_format", "sample_rate"},
		`"sample_rate":1e300`:      {"unsupported_format", "sample_rate"},
		`"sample_rate":{}`:         {"invalid_request", "sample_rate"},
		`"input":"` + strings.Repeat("x", 10_001) + `"`: {"string_above_max_length", "input"},
		`"model":"` + strings.Repeat("m", 257) + `"`:    {"invalid_request", "model"},
		`"voice":"` + strings.Repeat("v", 257) + `"`:    {"invalid_request", "voice"},
	} {
		within(t, func(t *testing.T, r *downstreamtest.Relay) {
			got := speak(t, r, `{`+hello+`,"response_format":"pcm",`+fields+`}`, nil)
			if fault := got.fault(); got.Status < 400 || got.Status >= 500 || fault.Code != want[0] || fault.Param != want[1] {
				t.Errorf("%.60s: got %d %+v, want %v", fields, got.Status, fault, want)
			}
		})
	}
}

// Fields that the vendor does not have, or the relay does not honor, are passed over.
func TestUnknownFieldsArePassedOver(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		got := speak(t, r, `{`+hello+`,"response_format":"pcm","instructions":"Be brisk.","instruction":1,"stream":true,"lang_code":"en",
			"language":{},"user":null,"x":[[[]]],"speed":1,"metadata":{"a":{"b":[]}}}`, http.Header{"Content-Type": nil, "Accept": {"application/octet-stream"}})
		if got.Status != http.StatusOK {
			t.Errorf("got %d %s", got.Status, got.Body)
		}
	})
}

// No body, however broken, gets anything but an error of this dialect, or harms a client that comes after it.
func TestHostileBodiesHarmNobody(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		bodies := hostileBodies()
		if len(bodies) < 200 {
			t.Fatalf("%d bodies are too few", len(bodies))
		}
		for _, body := range bodies {
			got := speak(t, r, body, nil)
			fault := got.fault()
			if got.Status < 400 || got.Status >= 500 || fault.Type == "" || fault.Code == "" || fault.Message == "" || len(got.Body) > 2000 {
				t.Errorf("%.60q: got %d %.200s", body, got.Status, got.Body)
			}
		}
		if got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, nil); got.Status != http.StatusOK {
			t.Errorf("one that is well gets %d %s", got.Status, got.Body)
		}
	})
}

// hostileBodies are a good body cut off everywhere and with each value replaced, and some of their own.
func hostileBodies() []string {
	good := `{"model":"tts-1","input":"Hello there, my friend.","voice":{"id":"alloy"},"response_format":"pcm","speed":1.0,"stream_format":"sse","sample_rate":24000}`
	bodies := []string{
		"", " ", "null", "[]", `"text"`, "7", "true", "{", "}", "{}", `{"input"}`, `{"input":}`, `{"input":"a"`, "\xff\xfe", `{"input":"` + "\xff" + `"}`,
		`{"input":"a","voice":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		strings.Repeat(`{"a":`, 5000), strings.Repeat("[", 200_000), `{"input":"` + strings.Repeat("x", 300_000) + `"}`,
		`{"input":"a","model":"` + strings.Repeat(`\u0000`, 50) + `"}`, `{"input":"a","model":"../../etc","voice":"alloy"}`,
		`{"input":"a","voice":"first/../x"}`, "{\"input\":\"a\",\"voice\":\"a\x00b\"}", `{"input":"a"} trailing`, `<xml/>`, "--boundary\r\n",
	}
	for i := 1; i < len(good); i++ {
		bodies = append(bodies, good[:i])
	}
	for _, field := range []string{"model", "voice", "response_format", "stream_format", "input"} {
		for _, value := range []string{"1", "true", "[]", `["a"]`, "1e999", "-1", `{"id":{}}`, `"\ud800"`, `"%2e%2e%2f"`} {
			if field == "input" && value[0] == '"' {
				continue
			}
			bodies = append(bodies, `{"input":"a","response_format":"pcm","voice":"alloy","`+field+`":`+value+`}`)
		}
	}
	return slices.Compact(bodies)
}
