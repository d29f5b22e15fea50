package kugelaudio

import (
	"encoding/json"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

type recorder = upstreamtest.Recorder[*provider]

// recorded runs a test in a bubble, before a vendor that records frames.
func recorded(t *testing.T, test func(r *recorder)) {
	t.Helper()
	upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(defaults, env) },
		Env:  upstream.Env{URL: "/", APIKey: "global-ka_1&2"},
		Greet: func(c *upstreamtest.Conn) {
			if got := c.Request.URL.RequestURI(); got != "/ws/tts/multi?api_key=ka_1%262" {
				t.Errorf("dialled %s", got)
			}
		},
	}.Run(t, test)
}

func TestFramesOfAGeneration(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		r.Want()
		l.MustOrder(false, "Hello <spell>AB</spell>.")
		r.Want(`{"text":"Hello <spell>AB</spell>.","context_id":"gen-1","flush":true,
			"voice_settings":{"voice_id":1071},"model_id":"kugel-3.5","output_format":"pcm_24000",
			"word_timestamps":true,"normalize":true,"speed":1}`)
		time.Sleep(keepAlive + time.Millisecond)
		r.Want(`{"text":"","context_id":"gen-1"}`)
		l.MustOrder(false, " And more.")
		r.Want(`{"text":" And more.","context_id":"gen-1"}`) // the vendor is at the first
		l.MustOrder(true, " The end.")
		r.Want(`{"text":" The end.","context_id":"gen-1","flush":true}`, `{"close_context":true,"context_id":"gen-1"}`)
		l.Cut()
		r.Want(`{"close_context":true,"context_id":"gen-1","immediate":true}`)
		time.Sleep(30 * time.Second)
		r.Want() // no keep-alive of what was closed
	})
}

func TestFramesOfEveryOption(t *testing.T) {
	recorded(t, func(r *recorder) {
		opts, err := r.Provider.ParseOptions(json.RawMessage(`{"cfg_scale":1.5,"temperature":0,"max_new_tokens":100,"speaker_prefix":false,"project_id":7,"dictionary_ids":[]}`))
		if err != nil {
			r.Fatal(err)
		}
		l := r.Open(upstream.Request{
			ID: "a\"b", Voice: "12", Language: "yue-Hant-HK", Speed: 2, Options: opts,
			Output: audio.Format{Encoding: audio.MuLaw, Rate: 8000},
		})
		l.MustOrder(false, "x")
		r.Want(`{"text":"x","context_id":"a\"b","flush":true,
			"voice_settings":{"voice_id":12,"cfg_scale":1.5,"max_new_tokens":100},"output_format":"ulaw_8000",
			"word_timestamps":true,"normalize":false,"language":"yue","speed":1.2,"temperature":0,
			"speaker_prefix":false,"project_id":7,"dictionary_ids":[]}`)
		l.Cut()
	})
}

func TestOutputFormats(t *testing.T) {
	for want, output := range map[string]audio.Format{
		"pcm_8000":  {Encoding: audio.PCM16, Rate: 8000},
		"pcm_16000": {Encoding: audio.PCMF32, Rate: 16000},
		"pcm_22050": {Encoding: audio.WAV, Rate: 22050},
		"pcm_24000": {Encoding: audio.PCM16, Rate: 44100},
		"ulaw_8000": {Encoding: audio.MuLaw, Rate: 8000},
		"alaw_8000": {Encoding: audio.ALaw, Rate: 8000},
	} {
		if got := outputFormat(audio.Nearest(output, formats)); got != want {
			t.Errorf("%v: got %s, want %s", output, got, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	for tag, want := range map[string]string{
		"": "", "de": "de", "de-AT": "de", "EN_us": "en", "yue": "yue", "zh-yue": "yue", "zh-Hant-TW": "zh",
	} {
		if got := language(tag); got != want {
			t.Errorf("%q: got %q, want %q", tag, got, want)
		}
	}
}

func TestSocketsAreSharedByEqualSessionsOnly(t *testing.T) {
	other := func(change func(*upstream.Request)) upstream.Request {
		r := request
		r.ID = "gen-2"
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		req    upstream.Request
		shared bool
	}{
		"equal":          {other(func(*upstream.Request) {}), true},
		"another voice":  {other(func(r *upstream.Request) { r.Voice = "9" }), true},
		"another tenant": {other(func(r *upstream.Request) { r.Tenant = "b" }), false},
		"another model":  {other(func(r *upstream.Request) { r.Model = "kugel-2" }), false},
		"another speed":  {other(func(r *upstream.Request) { r.Speed = 1.1 }), false},
		"another format": {other(func(r *upstream.Request) { r.Output.Rate = 8000 }), false},
		"a language":     {other(func(r *upstream.Request) { r.Language = "de" }), false},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, func(r *recorder) {
				first, second := r.Open(request), r.Open(c.req)
				r.WantSockets(sockets(c.shared), sockets(c.shared))
				first.Stop(nil) // nothing was ordered
				second.Stop(nil)
			})
		})
	}
}

// sockets is how many two streams take.
func sockets(shared bool) int {
	if shared {
		return 1
	}
	return 2
}

func TestRefusedRequests(t *testing.T) {
	recorded(t, func(r *recorder) {
		for _, voice := range []string{"", "anna", "1.5", "99999999999999999999"} {
			req := request
			req.Voice = voice
			r.WantRejected(req)
		}
	})
}

func TestConfiguration(t *testing.T) {
	for _, cfg := range []Config{{}, {ContextsPerSocket: 21, Idle: time.Minute}, {ContextsPerSocket: 6}} {
		if cfg.Validate() == nil {
			t.Errorf("%+v passes", cfg)
		}
	}
	if err := defaults.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
