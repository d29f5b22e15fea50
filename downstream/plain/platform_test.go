package plain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/audio"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/downstream/plain"
	"voicerelay/relay/relaytest"
)

// callers are the platforms' requests for a text at 24,000 Hz, as their documentation has them.
var callers = map[string]func(text string, as downstreamtest.Caller) (path string, body any, header http.Header){
	"vapi": func(text string, as downstreamtest.Caller) (string, any, http.Header) {
		return "/vapi/voice", map[string]any{"message": map[string]any{
			"type": "voice-request", "text": text, "sampleRate": 24000, "timestamp": 1764579600000,
			"call":      map[string]any{"id": "call-7", "type": "webCall", "assistantId": "assistant-3"},
			"assistant": map[string]any{"voice": map[string]any{"provider": "custom-voice", "voiceId": as.Voice, "server": map[string]any{"url": "https://relay.example"}}},
			"artifact":  map[string]any{"messages": []any{map[string]any{"role": "system", "message": "Be brief.", "time": 1}}},
			"customer":  map[string]any{"number": "+15551234567"},
		}}, bearer(as.Key)
	},
	"jambonz": func(text string, as downstreamtest.Caller) (string, any, http.Header) {
		return "/jambonz/tts?sample_rate=24000", map[string]any{"language": "en-US", "voice": as.Voice, "type": "text", "text": text}, bearer(as.Key)
	},
	"tencent": func(text string, as downstreamtest.Caller) (string, any, http.Header) {
		return "/tencent/tts?voice=" + as.Voice, map[string]any{"Text": text, "Format": "pcm", "SampleRate": 24000, "Channel": 1}, bearer(as.Key)
	},
	"alibaba": func(text string, as downstreamtest.Caller) (string, any, http.Header) {
		return "/alibaba/tts", map[string]any{"Text": text, "VoiceId": as.Voice, "SampleRate": 24000, "Token": as.Key, "ExtendData": "{}"}, http.Header{}
	},
}

func bearer(key string) http.Header {
	if key == "" {
		return http.Header{}
	}
	return http.Header{"Authorization": {"Bearer " + key}}
}

func TestSuite(t *testing.T) {
	for platform, asks := range callers {
		t.Run(platform, func(t *testing.T) {
			dial := func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
				return &downstreamtest.Single{Relay: r, Read: downstreamtest.PCM, Ask: func(ctx context.Context, text string) (*http.Request, error) {
					path, body, header := asks(text, as)
					data, err := json.Marshal(body)
					if err != nil {
						return nil, err
					}
					return request(ctx, path, string(data), header)
				}}, nil
			}
			downstreamtest.Run(t, downstreamtest.Dialect{Under: plain.Dialect{}, Dial: dial})
		})
	}
}

func request(ctx context.Context, path, body string, header http.Header) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+path, strings.NewReader(body))
	if err == nil {
		r.Header = http.Header{"Content-Type": {"application/json"}}
		maps.Copy(r.Header, header)
	}
	return r, err
}

// spoken is a whole answer.
type spoken struct{ downstreamtest.Answer }

// fault is the error that an answer is.
func (s spoken) fault() (fault struct{ Code, Param, Message string }) {
	var body struct {
		Error *struct{ Code, Param, Message string }
	}
	if json.Unmarshal(s.Body, &body) == nil && body.Error != nil {
		return *body.Error
	}
	fault.Code = fmt.Sprintf("no error object: %.80q", s.Body)
	return fault
}

// speak asks with the relay's key, unless a header says otherwise, and reads the whole answer.
func speak(t *testing.T, r *downstreamtest.Relay, path, body string, header http.Header) spoken {
	t.Helper()
	asked, err := request(t.Context(), path, body, bearer(downstreamtest.Key))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(asked.Header, header)
	return spoken{r.Do(asked)}
}

// within plays a test of one relay on fake time.
func within(t *testing.T, play func(t *testing.T, r *downstreamtest.Relay), changes ...downstreamtest.Change) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { play(t, downstreamtest.Start(t, plain.Dialect{}, changes...)) })
}

func TestAnswersAreWhatPlatformsTake(t *testing.T) {
	vapi := func(rate int) string { return fmt.Sprintf(`{"message":{"text":"Hello.","sampleRate":%d}}`, rate) }
	for name, tt := range map[string]struct {
		path, body string
		accept     string
		mediaType  string
		rate       int
		head       []byte
	}{
		"Vapi at 8000":          {"/vapi/voice", vapi(8000), "", "application/octet-stream", 8000, nil},
		"Vapi at 16000":         {"/vapi/voice", vapi(16000), "", "application/octet-stream", 16000, nil},
		"Vapi at 22050":         {"/vapi/voice", vapi(22050), "", "application/octet-stream", 22050, nil},
		"Vapi at 24000":         {"/vapi/voice", vapi(24000), "", "application/octet-stream", 24000, nil},
		"Vapi at 44100":         {"/vapi/voice", vapi(44100), "", "application/octet-stream", 44100, nil},
		"Vapi without a rate":   {"/vapi/voice", `{"message":{"text":"Hello."}}`, "", "application/octet-stream", 24000, nil},
		"jambonz":               {"/jambonz/tts", `{"text":"Hello.","type":"text"}`, "*/*", "audio/l16;rate=8000", 8000, nil},
		"jambonz at a rate":     {"/jambonz/tts?sample_rate=32000", `{"text":"Hello."}`, "", "audio/l16;rate=32000", 32000, nil},
		"Tencent":               {"/tencent/tts", `{"Text":"Hello.","Format":"pcm","SampleRate":16000,"Channel":1}`, "", "audio/pcm", 16000, nil},
		"Tencent, without both": {"/tencent/tts", `{"Text":"Hello."}`, "", "audio/pcm", 16000, nil},
		"Tencent, WAV":          {"/tencent/tts", `{"Text":"Hello.","Format":"wav","SampleRate":"24000"}`, "", "audio/wav", 24000, audio.WAVHeader(24000)},
		"Alibaba":               {"/alibaba/tts", `{"Text":"Hello.","SampleRate":48000,"ExtendData":{"x":[1]}}`, "", "audio/pcm", 48000, nil},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, tt.path, tt.body, http.Header{"Accept": {tt.accept}})
				if got.Status != http.StatusOK || got.Header.Get("Content-Type") != tt.mediaType {
					t.Fatalf("got %d %q %.200s, want %q", got.Status, got.Header.Get("Content-Type"), got.Body, tt.mediaType)
				}
				pcm, ok := bytes.CutPrefix(got.Body, tt.head)
				want := len("Hello.") * relaytest.SamplesPerChar * tt.rate / relaytest.FakeRate
				if samples := len(pcm) / 2; !ok || samples < want-1 || samples > want+1 {
					t.Errorf("%d samples, want %d", samples, want)
				}
			})
		})
	}
}

func TestJambonzGetsSamplesWhereTheRelayMakesNoMP3(t *testing.T) {
	const want = "audio/l16;rate=8000"
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		got := speak(t, r, "/jambonz/tts", `{"text":"Hello.","type":"text"}`, http.Header{"Accept": {"audio/mpeg"}})
		if got.Header.Get("Content-Type") != want {
			t.Errorf("got %q, want %q", got.Header.Get("Content-Type"), want)
		}
	})
}

// The record says who asked, and in which call. What is no id is left out, and harms nothing.
func TestTheRecordSaysWhichCallItWas(t *testing.T) {
	for body, want := range map[string]map[string]string{
		`{"message":{"text":"Hi.","call":{"id":"c1","assistantId":"a1"}}}`:            {"dialect": "plain", "platform": "vapi", "call_id": "c1", "assistant_id": "a1"},
		`{"message":{"text":"Hi.","call":{"id":{"x":[]}}}}`:                           {"dialect": "plain", "platform": "vapi"},
		`{"message":{"text":"Hi.","call":null}}`:                                      {"dialect": "plain", "platform": "vapi"},
		`{"message":{"text":"Hi.","call":{"id":"` + strings.Repeat("x", 300) + `"}}}`: {"dialect": "plain", "platform": "vapi"},
	} {
		kept := downstreamtest.NewRecords()
		within(t, func(t *testing.T, r *downstreamtest.Relay) {
			if got := speak(t, r, "/vapi/voice", body, nil); got.Status != http.StatusOK {
				t.Errorf("%s: got %d %s", body, got.Status, got.Body)
			}
		}, kept.Keep)
		if all := kept.All(); len(all) != 1 || !maps.Equal(all[0].Metadata, want) {
			t.Errorf("%s: recorded %+v, want %v", body, all, want)
		}
	}
}

func TestTheAddressGoesBeforeTheBody(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		got := speak(t, r, "/vapi/voice?voice=narrator&route=default&language=de&sample_rate=8000",
			`{"message":{"text":"Hello.","sampleRate":24000,"assistant":{"voice":{"voiceId":"nobody"}}}}`, nil)
		if want := len("Hello.") * relaytest.SamplesPerChar / 3 * 2; got.Status != http.StatusOK || len(got.Body) != want {
			t.Fatalf("got %d, %d bytes, want %d", got.Status, len(got.Body), want)
		}
		if asked := r.First.Requests()[0]; asked.Language != "de" || asked.Voice != downstreamtest.VoiceID {
			t.Errorf("the vendor was asked for %+v", asked)
		}
	})
}

func TestJambonzLanguagesAndMarkup(t *testing.T) {
	for body, want := range map[string]struct{ language, text string }{
		`{"text":"Hi.","language":"fr-FR"}`:   {"fr-FR", "Hi."},
		`{"text":"Hi.","language":"default"}`: {"en", "Hi."},
		`{"text":"Hi.","language":"no way"}`:  {"en", "Hi."},
		`{"text":"<speak><p>Tom &amp; Ann.</p><p>One<break time=\"1s\"/>two.</p></speak>","type":"ssml"}`: {"en", "Tom & Ann.  One two."},
		`{"text":"a < b","type":"text"}`: {"en", "a < b"},
	} {
		within(t, func(t *testing.T, r *downstreamtest.Relay) {
			if got := speak(t, r, "/jambonz/tts", body, nil); got.Status != http.StatusOK {
				t.Fatalf("%s: got %d %s", body, got.Status, got.Body)
			}
			asked := r.First.Requests()[0]
			if said := r.First.Spoken(); asked.Language != want.language || said != want.text {
				t.Errorf("%s: language %q, text %q, want %+v", body, asked.Language, said, want)
			}
		})
	}
}

// Tencent's retries bear the id of the first try.
func TestTencentsRetriesAreSpokenOnce(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		header := http.Header{"X-Request-Id": {"3b9c-7"}}
		first := speak(t, r, "/tencent/tts", `{"Text":"Hello."}`, header)
		again := speak(t, r, "/tencent/tts", `{"Text":"Hello."}`, header)
		if first.Status != http.StatusOK || again.Status != http.StatusConflict || again.fault().Code != "duplicate_request" {
			t.Errorf("got %d, then %d %s", first.Status, again.Status, again.Body)
		}
		other := speak(t, r, "/alibaba/tts", `{"Text":"Hello."}`, http.Header{"X-Request-Id": {"3b9c-7"}})
		if other.Status != http.StatusOK {
			t.Errorf("elsewhere that header means nothing: got %d", other.Status)
		}
	})
}

func TestKeysAreFoundWherePlatformsPutThem(t *testing.T) {
	const key = downstreamtest.Key
	none := http.Header{"Authorization": nil}
	for name, tt := range map[string]struct {
		path, body string
		header     http.Header
		status     int
	}{
		"Vapi's old secret":        {"/vapi/voice", `{"message":{"text":"Hi."}}`, http.Header{"Authorization": nil, "X-Vapi-Secret": {key}}, 200},
		"no secret":                {"/vapi/voice", `{"message":{"text":"Hi."}}`, none, 401},
		"Alibaba's token":          {"/alibaba/tts", `{"Text":"Hi.","Token":"` + key + `"}`, none, 200},
		"another token":            {"/alibaba/tts", `{"Text":"Hi.","Token":"wrong"}`, none, 401},
		"a token that is a number": {"/alibaba/tts", `{"Text":"Hi.","Token":7}`, none, 401},
		"a token elsewhere":        {"/tencent/tts", `{"Text":"Hi.","Token":"` + key + `"}`, none, 401},
		"the query":                {"/tencent/tts?api_key=" + key, `{"Text":"Hi."}`, none, 200},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				if got := speak(t, r, tt.path, tt.body, tt.header); got.Status != tt.status {
					t.Errorf("got %d %.200s, want %d", got.Status, got.Body, tt.status)
				}
			})
		})
	}
}

// A body with a whole call in it is read, though it is larger than what clients may send otherwise.
func TestABodyOfSeveralMiBIsRead(t *testing.T) {
	history := strings.Repeat(`{"role":"assistant","message":"And so on \u00e9 \"forever\".","time":1764579600000.5,"tools":[null,true,-1e9]},`, 50_000)
	body := `{"message":{"artifact":{"messages":[` + history + `{}]},"text":"Hello.","sampleRate":24000,"call":{"id":"c1"}}}`
	if len(body) < 5<<20 {
		t.Fatalf("the body has %d bytes only", len(body))
	}
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		if got := speak(t, r, "/vapi/voice", body, nil); got.Status != http.StatusOK || relaytest.Heard(got.Body) != "Hello" {
			t.Errorf("got %d, heard %q", got.Status, relaytest.Heard(got.Body))
		}
		if got := speak(t, r, "/tencent/tts", `{"Text":"Hello.","x":"`+strings.Repeat("x", 300_000)+`"}`, nil); got.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("elsewhere it is too large: got %d", got.Status)
		}
		if got := speak(t, r, "/vapi/voice", `{"message":{"x":"`+strings.Repeat("x", 17<<20)+`"}}`, nil); got.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("17 MiB: got %d", got.Status)
		}
	})
}

func TestNothingToSpeakIsAMomentOfSilence(t *testing.T) {
	for _, text := range []string{"", " ", "…"} {
		within(t, func(t *testing.T, r *downstreamtest.Relay) {
			body := fmt.Sprintf(`{"message":{"text":%q,"sampleRate":8000}}`, text)
			if got := speak(t, r, "/vapi/voice", body, nil); got.Status != http.StatusOK || !bytes.Equal(got.Body, make([]byte, 1600)) {
				t.Errorf("%q: got %d, %d bytes", text, got.Status, len(got.Body))
			}
		})
	}
}

func TestARefusalNamesItsField(t *testing.T) {
	for _, tt := range []struct{ path, body, code, param string }{
		{"/vapi/voice", `{"message":{}}`, "invalid_request", "message.text"},
		{"/vapi/voice", `{"text":"Hi."}`, "invalid_request", "message.text"},
		{"/vapi/voice", `{"message":{"text":null}}`, "invalid_request", "message.text"},
		{"/vapi/voice", `{"message":{"text":7}}`, "invalid_request", "message.text"},
		{"/vapi/voice", `{"message":{"text":["Hi."]}}`, "invalid_request", "message.text"},
		{"/vapi/voice", `{"message":{"text":"Hi.","sampleRate":11025}}`, "unsupported_format", "message.sampleRate"},
		{"/vapi/voice", `{"message":{"text":"Hi.","sampleRate":"fast"}}`, "unsupported_format", "message.sampleRate"},
		{"/vapi/voice", `{"message":{"text":"Hi.","sampleRate":{}}}`, "invalid_request", "message.sampleRate"},
		{"/vapi/voice?sample_rate=9", `{"message":{"text":"Hi."}}`, "unsupported_format", "sample_rate"},
		{"/vapi/voice?voice=nobody", `{"message":{"text":"Hi."}}`, "unknown_voice", "voice"},
		{"/vapi/voice?route=nothing", `{"message":{"text":"Hi."}}`, "unknown_route", "route"},
		{"/vapi/voice?route=" + strings.Repeat("r", 2000), `{"message":{"text":"Hi."}}`, "invalid_request", ""},
		{"/vapi/voice", `{"message":{"text":"` + strings.Repeat("x", 10_001) + `"}}`, "text_too_long", "message.text"},
		{"/jambonz/tts", `{"text":"Hi.","voice":3}`, "invalid_request", "voice"},
		{"/jambonz/tts?sample_rate=44100", `{"text":"Hi."}`, "unsupported_format", "sample_rate"},
		{"/tencent/tts", `{"Text":"Hi.","Format":"mp3"}`, "unsupported_format", "Format"},
		{"/tencent/tts", `{"Text":"Hi.","Channel":2}`, "unsupported_format", "Channel"},
		{"/alibaba/tts", `{"Text":"Hi.","VoiceId":"` + strings.Repeat("v", 2000) + `"}`, "invalid_request", "VoiceId"},
	} {
		within(t, func(t *testing.T, r *downstreamtest.Relay) {
			got := speak(t, r, tt.path, tt.body, nil)
			if fault := got.fault(); got.Status < 400 || got.Status >= 500 || fault.Code != tt.code || fault.Param != tt.param {
				t.Errorf("%s %.60s: got %d %+v, want %s of %q", tt.path, tt.body, got.Status, fault, tt.code, tt.param)
			}
		})
	}
}

// No body, however broken, gets anything but an error, or harms a platform that comes after it.
func TestHostileBodiesHarmNobody(t *testing.T) {
	bodies := hostileBodies()
	if len(bodies) < 200 {
		t.Fatalf("%d bodies are too few", len(bodies))
	}
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		for i, body := range bodies {
			path := slices.Sorted(maps.Keys(callers))[i%len(callers)]
			path, _, _ = callers[path]("", downstreamtest.Caller{Voice: downstreamtest.Voice})
			if got := speak(t, r, path, body, nil); got.Status < 400 || got.Status >= 500 || got.fault().Message == "" {
				t.Errorf("%.60q: got %d %.200s", body, got.Status, got.Body)
			}
		}
		if got := speak(t, r, "/vapi/voice", `{"message":{"text":"Hi."}}`, nil); got.Status != http.StatusOK {
			t.Errorf("one that is well gets %d %s", got.Status, got.Body)
		}
	})
}

// hostileBodies are a good body cut off everywhere, and some of their own.
func hostileBodies() []string {
	good := `{"message":{"type":"voice-request","text":"Hello \u00e9 \"there\".","sampleRate":24000,"call":{"id":"x"},"list":[1,{},[true,null,-2.5e3]]},` +
		`"Text":"Hello.","text":"Hello.","SampleRate":24000}`
	bodies := []string{
		"", "null", "[]", `"x"`, "7", "{}", "{,}", `{"a" 1}`, `{"a":1,}`, `{"a":01}`, `{"a":+1}`, `{"a":1 2}`, `{"a":tru}`, `{"a":NaN}`, `{a:1}`, `{'a':1}`,
		strings.Repeat(`{"message":`, 5000), `{"x":` + strings.Repeat("[", 100_000), `{"message":{"text":"` + "\xff" + `"}}`, `{"Text":"\x"}`, `{"text":"\u12"}`,
		"{\"text\":\"a\nb\"}", `{"text":"a"}{}`, `{"x":` + strings.Repeat("9", 5000) + `}`, `{"text":"\ud83d`, "<xml/>", url.QueryEscape("a=b"),
	}
	for i := 1; i < len(good); i++ {
		bodies = append(bodies, good[:i])
	}
	return bodies
}
