package together

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// recorder is a provider before a vendor that records frames and says nothing but its greeting.
type recorder struct {
	*testing.T
	provider *provider
	frames   chan string
	requests chan *http.Request
}

func recorded(t *testing.T, cfg Config, test func(*recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{T: t, frames: make(chan string, 1024), requests: make(chan *http.Request, 16)}
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			r.requests <- c.Request
			c.Send(reply{"type": typeCreated})
			for {
				f, ok := c.Next()
				if !ok {
					return
				}
				r.frames <- string(f)
			}
		})
		defer vendor.Close()
		env := upstream.Env{URL: upstreamtest.URL + "/?a=b", APIKey: "k+y&1", HTTP: vendor.Client(), Log: zerolog.Nop()}
		var err error
		if r.provider, err = open(cfg, env); err != nil {
			t.Fatal(err)
		}
		test(r)
		_ = r.provider.Close() // never fails
	})
}

// open opens a stream.
func (r *recorder) open(req upstream.Request) upstream.Stream {
	r.Helper()
	s, err := r.provider.Open(r.Context(), req, upstreamtest.NewSink(r))
	if err != nil {
		r.Fatal(err)
	}
	return s
}

// want compares the frames sent meanwhile, as JSON.
func (r *recorder) want(want ...string) {
	r.Helper()
	synctest.Wait()
	for i, w := range want {
		if len(r.frames) == 0 {
			r.Errorf("got %d frames, want %d", i, len(want))
			return
		}
		got := <-r.frames
		var g, v any
		if json.Unmarshal([]byte(got), &g) != nil || json.Unmarshal([]byte(w), &v) != nil || !reflect.DeepEqual(g, v) {
			r.Errorf("frame %d: got %s\nwant %s", i, got, w)
		}
	}
	for len(r.frames) > 0 {
		r.Errorf("got %s besides", <-r.frames)
	}
}

func (r *recorder) speak(s upstream.Stream, p upstream.Piece) {
	r.Helper()
	if err := s.Speak(r.Context(), p); err != nil {
		r.Fatal(err)
	}
}

func TestFramesOfAGeneration(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		s := r.open(request())
		r.want()
		r.speak(s, upstream.Piece{ID: 0, Text: "Hello \"you\"."})
		r.want(`{"type":"input_text_buffer.append","text":"Hello \"you\".","context_id":"gen-1"}`,
			`{"type":"input_text_buffer.commit","context_id":"gen-1"}`)
		time.Sleep(time.Minute)
		r.want() // pings are enough
		r.speak(s, upstream.Piece{ID: 1, Text: " The end.", Last: true})
		r.want(`{"type":"input_text_buffer.append","text":" The end.","context_id":"gen-1"}`,
			`{"type":"input_text_buffer.commit","context_id":"gen-1"}`)
		_ = s.Close(within(r.T, time.Second), nil) // the vendor will not confirm
		r.want(`{"type":"context.cancel","context_id":"gen-1"}`)
	})
}

func TestFramesOfADictionary(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		opts, err := r.provider.ParseOptions(json.RawMessage(`{"pronunciation_dict":["omg/oh my god","a/b"]}`))
		if err != nil {
			r.Fatal(err)
		}
		req := request()
		req.Options = opts
		s := r.open(req)
		for i := range 2 {
			r.speak(s, upstream.Piece{ID: i, Text: "x"})
		}
		spoken := []string{`{"type":"input_text_buffer.append","text":"x","context_id":"gen-1"}`, `{"type":"input_text_buffer.commit","context_id":"gen-1"}`}
		update := `{"type":"tts_session.updated","session":{"extra_params":{"pronunciation_dict":["omg/oh my god","a/b"]}},"context_id":"gen-1"}`
		r.want(slices.Concat([]string{update}, spoken, spoken)...)
		_ = s.Close(within(r.T, 0), nil) // nor wait for it
	})
}

// TestNothingIsCancelledThatWasNotOrdered closes streams before their first word.
func TestNothingIsCancelledThatWasNotOrdered(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		_ = r.open(request()).Close(r.Context(), nil) // nothing to fail
		s := r.open(request())
		r.speak(s, upstream.Piece{Last: true})
		_ = s.Close(r.Context(), nil) // it has ended
		r.want()
		if len(r.requests) != 1 {
			r.Errorf("got %d sockets, want one for both", len(r.requests))
		}
	})
}

func TestAddresses(t *testing.T) {
	usual := func(change map[string]string) url.Values {
		all := map[string]string{
			"model": "hexgrad/Kokoro-82M", "voice": "af_heart", "segment": "never", "max_partial_length": "500",
			"response_format": "pcm", "sample_rate": "24000", "alignment": "word",
		}
		maps.Copy(all, change)
		q := url.Values{}
		for name, value := range all {
			q.Set(name, value)
		}
		return q
	}
	withKey := defaults()
	withKey.Auth, withKey.Alignment = inQuery, alignNone
	for name, c := range map[string]struct {
		cfg    Config
		change func(*upstream.Request)
		want   url.Values
		bearer string
	}{
		"usual":            {defaults(), func(*upstream.Request) {}, usual(nil), "Bearer k+y&1"},
		"the key in query": {withKey, func(*upstream.Request) {}, usual(map[string]string{"api_key": "k+y&1", "alignment": "none"}), ""},
		"all settings": {
			defaults(),
			func(r *upstream.Request) {
				r.Voice, r.Language, r.Speed = "af_bella(2)+af_heart(1)", "zh-Hant-HK", 1.25
				r.Output = audio.Format{Encoding: audio.MuLaw, Rate: 8000}
			},
			usual(map[string]string{"voice": "af_bella(2)+af_heart(1)", "language": "zh-hk", "speed": "1.25"}), "Bearer k+y&1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, c.cfg, func(r *recorder) {
				req := request()
				c.change(&req)
				_ = r.open(req).Close(r.Context(), nil) // nothing was ordered
				got := <-r.requests
				if got.URL.Path != "/v1/audio/speech/websocket" || !reflect.DeepEqual(got.URL.Query(), c.want) {
					r.Errorf("dialled %s?%v\nwant %v", got.URL.Path, got.URL.Query(), c.want)
				}
				if bearer := got.Header.Get("Authorization"); bearer != c.bearer {
					r.Errorf("Authorization: got %q, want %q", bearer, c.bearer)
				}
			})
		})
	}
}

func TestLanguages(t *testing.T) {
	for tag, want := range map[string]string{
		"": "", "de": "de", "de-AT": "de-at", "EN_us": "en-us", "yue": "yue", "zh-Hant-TW": "zh-tw", "zh-Hans": "zh", "es-419": "es",
	} {
		if got := language(tag); got != want {
			t.Errorf("%q: got %q, want %q", tag, got, want)
		}
	}
}

func TestAVoiceIsNeeded(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		req := request()
		req.Voice = ""
		if _, err := r.provider.Open(r.Context(), req, upstreamtest.NewSink(r)); upstream.KindOf(err) != upstream.Rejected {
			r.Errorf("got %v, want rejected", err)
		}
	})
}

// TestSocketsAreSharedByEqualSettingsOnly opens a second stream once the first has proven its socket.
func TestSocketsAreSharedByEqualSettingsOnly(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*upstream.Request)
		echo   bool
		shared bool
	}{
		"equal":              {func(*upstream.Request) {}, true, true},
		"equal, never named": {func(*upstream.Request) {}, false, false},
		"another voice":      {func(r *upstream.Request) { r.Voice = "am_adam" }, true, false},
		"another tenant":     {func(r *upstream.Request) { r.Tenant = "b" }, true, false},
		"another model":      {func(r *upstream.Request) { r.Model = "canopylabs/orpheus-3b-0.1-ft" }, true, false},
		"another speed":      {func(r *upstream.Request) { r.Speed = 1.1 }, true, false},
		"a language":         {func(r *upstream.Request) { r.Language = "de" }, true, false},
		"a dictionary":       {func(r *upstream.Request) { r.Options = &options{PronunciationDict: []string{"a/b"}} }, true, false},
		"another format":     {func(r *upstream.Request) { r.Output.Rate = 8000 }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := upstreamtest.NewVendor(script(habits{echo: c.echo}))
				defer vendor.Close()
				p, err := open(defaults(), upstream.Env{URL: upstreamtest.URL, HTTP: vendor.Client(), Log: zerolog.Nop()})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = p.Close() }() // never fails
				first := upstreamtest.NewSink(t)
				s, err := p.Open(t.Context(), request(), first)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Speak(t.Context(), upstream.Piece{Text: "Hello there.", Last: true}); err != nil {
					t.Fatal(err)
				}
				<-first.Ended()
				other := request()
				c.change(&other)
				for i, req := range []upstream.Request{request(), other} {
					req.ID = "again-" + string(rune('a'+i))
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
