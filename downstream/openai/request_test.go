package openai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/downstream/openai"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/server"
	"voicerelay/upstream"
)

var errGone = &upstream.Error{Kind: upstream.Dropped, Message: "gone"}

// spoken is a whole answer.
type spoken struct {
	status int
	header http.Header
	body   []byte
}

// fault is the error that an answer is.
func (s spoken) fault() (fault struct{ Type, Code, Param, Message string }) {
	var body struct {
		Error struct {
			Type, Code, Message string
			Param               *string
		}
	}
	if err := json.Unmarshal(s.body, &body); err != nil || s.header.Get("Content-Type") != "application/json" {
		fault.Code = fmt.Sprintf("no error object: %.80q", s.body)
		return fault
	}
	fault.Type, fault.Code, fault.Message = body.Error.Type, body.Error.Code, body.Error.Message
	if body.Error.Param != nil {
		fault.Param = *body.Error.Param
	}
	return fault
}

// do sends a request with the relay's key, unless a header says otherwise, and reads its whole answer.
func do(t *testing.T, r *downstreamtest.Relay, method, path, body string, header http.Header) spoken {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + downstreamtest.Key}}
	maps.Copy(request.Header, header)
	answer, err := r.HTTP().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // the server lingers over a body that it has not read
	return spoken{answer.StatusCode, answer.Header, all}
}

func speak(t *testing.T, r *downstreamtest.Relay, body string, header http.Header) spoken {
	t.Helper()
	return do(t, r, http.MethodPost, "/openai/v1/audio/speech", body, header)
}

// within plays a test of one relay on fake time.
func within(t *testing.T, play func(t *testing.T, r *downstreamtest.Relay), changes ...downstreamtest.Change) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { play(t, downstreamtest.Start(t, openai.Dialect{}, changes...)) })
}

// set says what the operator says of the dialect.
func set(change func(*downstream.Settings)) downstreamtest.Change {
	return func(cfg *server.Config, _ *server.Parts) {
		s := downstream.DefaultSettings()
		change(&s)
		cfg.Dialects = map[string]downstream.Settings{"openai": s}
	}
}

// allow says what the one key may use.
func allow(a routing.Allow) downstreamtest.Change {
	return func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Allow = a }
}

const hello = `"model":"gpt-4o-mini-tts","input":"Hello there.","voice":"alloy"`

func TestBodiesAreWhatTheirContentTypeSays(t *testing.T) {
	letters := relaytest.Letters("Hello there.")
	samples := len("Hello there.") * relaytest.SamplesPerChar
	for name, tt := range map[string]struct {
		fields, mediaType string
		head              []byte
		rate              int
	}{
		"pcm":             {`"response_format":"pcm"`, "audio/pcm", nil, 24000},
		"wav":             {`"response_format":"wav"`, "audio/wav", audio.WAVHeader(24000), 24000},
		"a rate":          {`"response_format":"pcm","sample_rate":16000`, "audio/pcm;rate=16000", nil, 16000},
		"a rate as text":  {`"response_format":"pcm","sample_rate":"8000"`, "audio/pcm;rate=8000", nil, 8000},
		"no rate":         {`"response_format":"pcm","sample_rate":null`, "audio/pcm", nil, 24000},
		"a rate of a WAV": {`"response_format":"wav","sample_rate":16000`, "audio/wav;rate=16000", audio.WAVHeader(16000), 16000},
		"bare, by name":   {`"response_format":"pcm","stream_format":"audio"`, "audio/pcm", nil, 24000},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, `{`+hello+`,`+tt.fields+`}`, nil)
				if got.status != http.StatusOK || got.header.Get("Content-Type") != tt.mediaType {
					t.Fatalf("got %d %q, want 200 %q", got.status, got.header.Get("Content-Type"), tt.mediaType)
				}
				if got.header.Get("X-Request-Id") == "" || got.header.Get("X-Request-Id") != got.header.Get("Record-Id") {
					t.Errorf("X-Request-Id is %q, want the record %q", got.header.Get("X-Request-Id"), got.header.Get("Record-Id"))
				}
				pcm, ok := bytes.CutPrefix(got.body, tt.head)
				if want := samples * tt.rate / 24000 * 2; !ok || len(pcm) != want {
					t.Errorf("%d bytes of audio behind the header %v, want %d", len(pcm), ok, want)
				}
				if tt.rate == relaytest.FakeRate && relaytest.Heard(pcm) != letters {
					t.Errorf("heard %q, want %q", relaytest.Heard(pcm), letters)
				}
			})
		})
	}
}

func TestAWAVHeaderIsInTheFirstEventOnly(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		got := speak(t, r, `{`+hello+`,"response_format":"wav","stream_format":"sse"}`, nil)
		if kind := got.header.Get("Content-Type"); kind != "text/event-stream" {
			t.Errorf("Content-Type is %q", kind)
		}
		file := eventsAudio(t, got.body)
		if pcm, ok := bytes.CutPrefix(file, audio.WAVHeader(24000)); !ok || relaytest.Heard(pcm) != relaytest.Letters("Hello there.") {
			t.Errorf("a header: %v, heard %q", ok, relaytest.Heard(pcm))
		}
		if bytes.Count(file, []byte("RIFF")) != 1 {
			t.Error("more than one header")
		}
	})
}

// A text with nothing to speak gets a file all the same: with its header, and framed as the others.
func TestNothingToSpeakIsAMomentOfSilence(t *testing.T) {
	silence := make([]byte, 4800)
	for fields, want := range map[string][]byte{
		`"response_format":"pcm"`:                       silence,
		`"response_format":"wav"`:                       append(audio.WAVHeader(24000), silence...),
		`"response_format":"wav","stream_format":"sse"`: append(audio.WAVHeader(24000), silence...),
	} {
		for _, text := range []string{"…", " ", "🙂"} {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, fmt.Sprintf(`{"model":"tts-1","voice":"alloy","input":%q,%s}`, text, fields), nil)
				body := got.body
				if strings.Contains(fields, "sse") {
					body = eventsAudio(t, got.body)
				}
				if got.status != http.StatusOK || !bytes.Equal(body, want) {
					t.Errorf("%s, %q: %d, %d bytes, want %d", fields, text, got.status, len(body), len(want))
				}
			})
		}
	}
}

// eventsAudio is the audio in a body of events, whose last one must be the end.
func eventsAudio(t *testing.T, body []byte) (file []byte) {
	t.Helper()
	events := strings.Split(strings.TrimSuffix(string(body), "\n\n"), "\n\n")
	for i, event := range events {
		var e struct {
			Type  string
			Audio []byte
		}
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok || json.Unmarshal([]byte(data), &e) != nil {
			t.Fatalf("event %d is %q", i, event)
		}
		if want := map[bool]string{false: "speech.audio.delta", true: "speech.audio.done"}[i == len(events)-1]; e.Type != want {
			t.Fatalf("event %d of %d is of type %q", i+1, len(events), e.Type)
		}
		file = append(file, e.Audio...)
	}
	return file
}

// liveKit is what LiveKit Agents 1.8.9 sends by default.
const liveKit = `{` + hello + `,"response_format":"mp3","speed":1.0,"stream_format":"sse"}`

func TestMP3WithoutAnEncoder(t *testing.T) {
	async := http.Header{"User-Agent": {"AsyncOpenAI/Python 3.57.0"}}
	fallback := set(func(s *downstream.Settings) { s.MP3Fallback = audio.WAV })
	for name, tt := range map[string]struct {
		body    string
		header  http.Header
		changes []downstreamtest.Change
		status  int
	}{
		"by default":                     {`{` + hello + `}`, nil, nil, 400},
		"by name":                        {`{` + hello + `,"response_format":"mp3"}`, nil, nil, 400},
		"LiveKit reads the Content-Type": {liveKit, async, nil, 200},
		"Pipecat does not":               {`{` + hello + `,"response_format":"mp3","speed":1}`, async, nil, 400},
		"LiveKit wants FLAC":             {strings.Replace(liveKit, "mp3", "flac", 1), async, nil, 400},
		"a fallback":                     {`{` + hello + `}`, nil, []downstreamtest.Change{fallback}, 200},
		"a fallback, in events":          {`{` + hello + `,"stream_format":"sse"}`, nil, []downstreamtest.Change{fallback}, 200},
		"no fallback for FLAC":           {`{` + hello + `,"response_format":"flac"}`, nil, []downstreamtest.Change{fallback}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, tt.body, tt.header)
				if got.status != tt.status {
					t.Fatalf("got %d %.200s, want %d", got.status, got.body, tt.status)
				}
				if got.status == http.StatusOK {
					if !bytes.HasPrefix(got.body, audio.WAVHeader(24000)) || got.header.Get("Content-Type") != "audio/wav" {
						t.Errorf("got %q, want a bare WAV file", got.header.Get("Content-Type"))
					}
					return
				}
				fault := got.fault()
				if fault.Code != "unsupported_format" || fault.Param != "response_format" || !strings.Contains(fault.Message, `"pcm"`) {
					t.Errorf("refused with %+v", fault)
				}
			}, tt.changes...)
		})
	}
}

func TestVoicesAndModelsAreFoundByManyNames(t *testing.T) {
	mapped := set(func(s *downstream.Settings) {
		s.Voices, s.Models = map[string]string{"nova": "other"}, map[string]string{"my-model": "default"}
	})
	raw := allow(routing.Allow{Raw: true})
	few := allow(routing.Allow{Routes: []string{"default"}, Voices: []string{"narrator"}})
	for name, tt := range map[string]struct {
		model, voice string // as JSON
		change       downstreamtest.Change
		status       int
		code, spoken string // the vendor's id of the voice
	}{
		"names of the relay":      {`"default"`, `"narrator"`, nil, 200, "", "voice-at-first"},
		"an object":               {`"default"`, `{"id":"narrator"}`, nil, 200, "", "voice-at-first"},
		"neither":                 {`null`, `null`, nil, 200, "", "voice-at-first"},
		"the vendor's":            {`"tts-1-hd-1106"`, `"verse"`, nil, 200, "", "voice-at-first"},
		"the vendor's, of a date": {`"gpt-4o-mini-tts-2025-12-15"`, `"marin"`, nil, 200, "", "voice-at-first"},
		"mapped":                  {`"my-model"`, `"nova"`, mapped, 200, "", "other-at-first"},
		"raw":                     {`"second/m2"`, `"second/v9"`, raw, 200, "", "v9"},
		"raw, not allowed":        {`"second/m2"`, `"alloy"`, nil, 404, "model_not_found", ""},
		"raw voice, not allowed":  {`"tts-1"`, `"second/v9"`, nil, 403, "not_allowed", ""},
		"no such model":           {`"whisper-1"`, `"alloy"`, nil, 404, "model_not_found", ""},
		"no such voice":           {`"tts-1"`, `"nobody"`, nil, 404, "voice_not_found", ""},
		"not for this key":        {`"tts-1"`, `"other"`, few, 403, "not_allowed", ""},
		// As one that exists, so that names can't be found out by trying.
		"no such voice, where few are allowed": {`"tts-1"`, `"nobody"`, few, 403, "not_allowed", ""},
		"no such model, where few are allowed": {`"nothing"`, `"alloy"`, few, 403, "not_allowed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			changes := []downstreamtest.Change{twoVoices(t)}
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, `{"input":"Hi.","response_format":"pcm","model":`+tt.model+`,"voice":`+tt.voice+`}`, nil)
				if got.status != tt.status || tt.code != "" && got.fault().Code != tt.code {
					t.Fatalf("got %d %.200s, want %d %s", got.status, got.body, tt.status, tt.code)
				}
				if tt.status == http.StatusOK {
					if asked := append(r.First.Requests(), r.Second.Requests()...); len(asked) != 1 || asked[0].Voice != tt.spoken {
						t.Errorf("vendors were asked for %+v, want the voice %q", asked, tt.spoken)
					}
				}
			}, changes...)
		})
	}
}

// twoVoices has a second voice.
func twoVoices(t *testing.T) downstreamtest.Change {
	return func(_ *server.Config, parts *server.Parts) {
		table, err := routing.New(routing.Config{
			Providers: []string{"first", "second"},
			Routes: []routing.Route{
				{Name: "default", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "first"}, {Provider: "second"}}},
				{Name: "premium", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "second"}}},
			},
			Voices: []routing.Voice{
				{Name: "narrator", Language: "en", IDs: map[string]string{"first": "voice-at-first", "second": "voice-at-second"}},
				{Name: "other", Language: "en", IDs: map[string]string{"first": "other-at-first", "second": "other-at-second"}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		parts.Table = table
	}
}

func TestListsAreOfWhatTheKeyMayUse(t *testing.T) {
	few := allow(routing.Allow{Routes: []string{"default"}, Voices: []string{"other"}})
	for name, tt := range map[string]struct {
		path, want string
		status     int
		change     downstreamtest.Change
	}{
		"models":                       {"/models", `{"object":"list","data":[` + modelJSON("default") + `,` + modelJSON("premium") + `]}`, 200, nil},
		"few":                          {"/models", `{"object":"list","data":[` + modelJSON("default") + `]}`, 200, few},
		"one":                          {"/models/premium", modelJSON("premium"), 200, nil},
		"one of the vendor's":          {"/models/gpt-4o-mini-tts", modelJSON("gpt-4o-mini-tts"), 200, nil},
		"one that the key may not use": {"/models/premium", "", 404, few},
		"none":                         {"/models/whisper-1", "", 404, nil},
		"no name":                      {"/models/", "", 404, nil},
		"voices":                       {"/audio/voices", `{"voices":[{"id":"narrator","name":"narrator"},{"id":"other","name":"other"}]}`, 200, nil},
		"few voices":                   {"/audio/voices", `{"voices":[{"id":"other","name":"other"}]}`, 200, few},
	} {
		t.Run(name, func(t *testing.T) {
			changes := []downstreamtest.Change{twoVoices(t)}
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				for _, prefix := range []string{"/openai/v1", "/v1"} {
					got := do(t, r, http.MethodGet, prefix+tt.path, "", nil)
					if got.status != tt.status || tt.want != "" && string(got.body) != tt.want {
						t.Errorf("%s%s: got %d %s, want %d %s", prefix, tt.path, got.status, got.body, tt.status, tt.want)
					}
					if tt.status == 404 && got.fault().Code != "model_not_found" {
						t.Errorf("refused with %+v", got.fault())
					}
				}
			}, changes...)
		})
	}
}

func modelJSON(id string) string {
	return `{"id":"` + id + `","object":"model","created":0,"owned_by":"voicerelay"}`
}

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
				if got.status != tt.status {
					t.Fatalf("got %d %.200s, want %d", got.status, got.body, tt.status)
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
		statuses := make(chan int, 70)
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
		if got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, nil); got.status != http.StatusOK {
			t.Errorf("one with a key gets %d %s", got.status, got.body)
		}
		time.Sleep(20 * time.Second)
		counts := map[int]int{}
		for range cap(statuses) {
			counts[<-statuses]++
		}
		if counts[http.StatusTooManyRequests] != 6 || counts[http.StatusBadRequest] != 64 {
			t.Errorf("answered %v, want 64 bodies that did not come, and 6 refused at once", counts)
		}
	})
}

func TestAnIdempotencyKeyIsSpokenOnce(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		header := http.Header{"Idempotency-Key": {"stainless-node-retry-1"}}
		if got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, header); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, header)
		// The vendor's clients ask again after a 409, unless they are told not to.
		if got.status != 409 || got.header.Get("X-Should-Retry") != "false" || got.fault().Param != "Idempotency-Key" {
			t.Errorf("got %d %s, X-Should-Retry %q", got.status, got.body, got.header.Get("X-Should-Retry"))
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
		if got.status != 502 || got.header.Get("X-Should-Retry") != "false" || got.header.Get("X-Request-Id") == "" {
			t.Errorf("got %d, header %v", got.status, got.header)
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
			if fault := got.fault(); got.status < 400 || got.status >= 500 || fault.Code != want[0] || fault.Param != want[1] {
				t.Errorf("%.60s: got %d %+v, want %v", fields, got.status, fault, want)
			}
		})
	}
}

// Fields that the vendor does not have, or the relay does not honor, are passed over.
func TestUnknownFieldsArePassedOver(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		got := speak(t, r, `{`+hello+`,"response_format":"pcm","instructions":"Be brisk.","instruction":1,"stream":true,"lang_code":"en",
			"language":{},"user":null,"x":[[[]]],"speed":1,"metadata":{"a":{"b":[]}}}`, http.Header{"Content-Type": nil, "Accept": {"application/octet-stream"}})
		if got.status != http.StatusOK {
			t.Errorf("got %d %s", got.status, got.body)
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
			if got.status < 400 || got.status >= 500 || fault.Type == "" || fault.Code == "" || fault.Message == "" || len(got.body) > 2000 {
				t.Errorf("%.60q: got %d %.200s", body, got.status, got.body)
			}
		}
		if got := speak(t, r, `{`+hello+`,"response_format":"pcm"}`, nil); got.status != http.StatusOK {
			t.Errorf("one that is well gets %d %s", got.status, got.body)
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
