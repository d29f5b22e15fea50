package kugelaudio

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// canceled is a context that has ended, for a Close that is not to wait.
func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// recorded runs a test in a bubble, before a vendor that records frames and says nothing but what the test sends.
func recorded(t *testing.T, test func(t *testing.T, p *provider, sent func() []string)) {
	synctest.Test(t, func(t *testing.T) {
		frames := make(chan string, 1024)
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			if got := c.Request.URL.RequestURI(); got != "/ws/tts/multi?api_key=ka_1%262" {
				t.Errorf("dialled %s", got)
			}
			for {
				f, ok := c.Next()
				if !ok {
					return
				}
				frames <- string(f)
			}
		})
		defer vendor.Close()
		env := upstream.Env{URL: upstreamtest.URL + "/", APIKey: "global-ka_1&2", HTTP: vendor.Client(), Log: zerolog.Nop()}
		p, err := open(defaults, env)
		if err != nil {
			t.Fatal(err)
		}
		sent := func() []string {
			synctest.Wait()
			var all []string
			for len(frames) > 0 {
				all = append(all, <-frames)
			}
			return all
		}
		test(t, p, sent)
		_ = p.Close() // never fails
	})
}

// wantFrames compares frames as JSON.
func wantFrames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d frames %q, want %d", len(got), got, len(want))
		return
	}
	for i := range want {
		var g, w any
		if json.Unmarshal([]byte(got[i]), &g) != nil || json.Unmarshal([]byte(want[i]), &w) != nil || !reflect.DeepEqual(g, w) {
			t.Errorf("frame %d: got %s\nwant %s", i, got[i], want[i])
		}
	}
}

func TestFramesOfAGeneration(t *testing.T) {
	recorded(t, func(t *testing.T, p *provider, sent func() []string) {
		s, err := p.Open(t.Context(), request, upstreamtest.NewSink(t))
		if err != nil {
			t.Fatal(err)
		}
		wantFrames(t, sent())
		speak := func(id int, text string, last bool) {
			if err := s.Speak(t.Context(), upstream.Piece{ID: id, Text: text, Last: last}); err != nil {
				t.Fatal(err)
			}
		}
		speak(0, "Hello <spell>AB</spell>.", false)
		wantFrames(t, sent(), `{"text":"Hello <spell>AB</spell>.","context_id":"gen-1","flush":true,
			"voice_settings":{"voice_id":1071},"model_id":"kugel-3","output_format":"pcm_24000",
			"word_timestamps":true,"normalize":true,"speed":1}`)
		time.Sleep(keepAlive + time.Millisecond)
		wantFrames(t, sent(), `{"text":"","context_id":"gen-1"}`)
		speak(1, " And more.", false)
		wantFrames(t, sent(), `{"text":" And more.","context_id":"gen-1"}`) // the vendor is at the first
		speak(2, " The end.", true)
		wantFrames(t, sent(), `{"text":" The end.","context_id":"gen-1","flush":true}`, `{"close_context":true,"context_id":"gen-1"}`)
		_ = s.Close(canceled(t), nil) // the vendor will not confirm
		wantFrames(t, sent(), `{"close_context":true,"context_id":"gen-1","immediate":true}`)
		time.Sleep(30 * time.Second)
		wantFrames(t, sent()) // no keep-alive of what was closed
	})
}

func TestFramesOfEveryOption(t *testing.T) {
	recorded(t, func(t *testing.T, p *provider, sent func() []string) {
		opts, err := p.ParseOptions(json.RawMessage(`{"cfg_scale":1.5,"temperature":0,"max_new_tokens":100,"speaker_prefix":false,"project_id":7,"dictionary_ids":[]}`))
		if err != nil {
			t.Fatal(err)
		}
		req := upstream.Request{
			ID: "a\"b", Voice: "12", Language: "yue-Hant-HK", Speed: 2, Options: opts,
			Output: audio.Format{Encoding: audio.MuLaw, Rate: 8000},
		}
		s, err := p.Open(t.Context(), req, upstreamtest.NewSink(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Speak(t.Context(), upstream.Piece{Text: "x"}); err != nil {
			t.Fatal(err)
		}
		wantFrames(t, sent(), `{"text":"x","context_id":"a\"b","flush":true,
			"voice_settings":{"voice_id":12,"cfg_scale":1.5,"max_new_tokens":100},"output_format":"ulaw_8000",
			"word_timestamps":true,"normalize":false,"language":"yue","speed":1.2,"temperature":0,
			"speaker_prefix":false,"project_id":7,"dictionary_ids":[]}`)
		_ = s.Close(canceled(t), nil) // the vendor will not confirm
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
			synctest.Test(t, func(t *testing.T) {
				vendor := upstreamtest.NewVendor(script)
				defer vendor.Close()
				p, err := open(defaults, upstream.Env{URL: upstreamtest.URL, HTTP: vendor.Client(), Log: zerolog.Nop()})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = p.Close() }() // never fails
				for _, req := range []upstream.Request{request, c.req} {
					s, err := p.Open(t.Context(), req, upstreamtest.NewSink(t))
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = s.Close(t.Context(), nil) }() // nothing was ordered
				}
				synctest.Wait()
				if got, _ := vendor.Sockets(); (got == 1) != c.shared {
					t.Errorf("got %d sockets, want them shared: %v", got, c.shared)
				}
			})
		})
	}
}

func TestRefusedRequests(t *testing.T) {
	recorded(t, func(t *testing.T, p *provider, _ func() []string) {
		for _, voice := range []string{"", "anna", "1.5", "99999999999999999999"} {
			req := request
			req.Voice = voice
			_, err := p.Open(t.Context(), req, upstreamtest.NewSink(t))
			if upstream.KindOf(err) != upstream.Rejected || voice != "" && strings.Contains(err.Error(), voice) {
				t.Errorf("voice %q: got %v, want rejected without the voice", voice, err)
			}
		}
	})
}

func TestConfiguration(t *testing.T) {
	for _, url := range []string{"", "https://api", "ws://", "wss:// bad", "api.kugelaudio.com"} {
		_, err := open(defaults, upstream.Env{Name: "k", URL: url, APIKey: "ka_secret"})
		if err == nil || strings.Contains(err.Error(), "ka_secret") {
			t.Errorf("url %q: got %v, want an error without the key", url, err)
		}
	}
	for _, cfg := range []Config{{}, {ContextsPerSocket: 21, Idle: time.Minute}, {ContextsPerSocket: 6}} {
		if cfg.Validate() == nil {
			t.Errorf("%+v passes", cfg)
		}
	}
	if err := defaults.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
