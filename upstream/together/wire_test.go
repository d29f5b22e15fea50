package together

import (
	"encoding/json"
	"maps"
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

type recorder = upstreamtest.Recorder[*provider]

// recorded runs a test in a bubble, before a vendor that greets, and records frames.
func recorded(t *testing.T, cfg Config, test func(r *recorder)) {
	t.Helper()
	upstreamtest.Recording[*provider]{
		Open:  func(env upstream.Env) (*provider, error) { return open(cfg, env) },
		Env:   upstream.Env{URL: "/?a=b", APIKey: "k+y&1"},
		Greet: func(c *upstreamtest.Conn) { c.Send(reply{"type": typeCreated}) },
	}.Run(t, test)
}

func TestFramesOfAGeneration(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		l := r.Open(request())
		r.Want()
		l.MustOrder(false, "Hello \"you\".")
		r.Want(`{"type":"input_text_buffer.append","text":"Hello \"you\".","context_id":"gen-1"}`,
			`{"type":"input_text_buffer.commit","context_id":"gen-1"}`)
		time.Sleep(time.Minute)
		r.Want() // pings are enough
		l.MustOrder(true, " The end.")
		r.Want(`{"type":"input_text_buffer.append","text":" The end.","context_id":"gen-1"}`,
			`{"type":"input_text_buffer.commit","context_id":"gen-1"}`)
		l.StopWithin(time.Second, nil) // the vendor will not confirm
		r.Want(`{"type":"context.cancel","context_id":"gen-1"}`)
	})
}

func TestFramesOfADictionary(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		opts, err := r.Provider.ParseOptions(json.RawMessage(`{"pronunciation_dict":["omg/oh my god","a/b"]}`))
		if err != nil {
			r.Fatal(err)
		}
		req := request()
		req.Options = opts
		l := r.Open(req)
		for range 2 {
			l.MustOrder(false, "x")
		}
		spoken := []string{`{"type":"input_text_buffer.append","text":"x","context_id":"gen-1"}`, `{"type":"input_text_buffer.commit","context_id":"gen-1"}`}
		update := `{"type":"tts_session.updated","session":{"extra_params":{"pronunciation_dict":["omg/oh my god","a/b"]}},"context_id":"gen-1"}`
		r.Want(slices.Concat([]string{update}, spoken, spoken)...)
		l.Cut()
	})
}

// TestNothingIsCancelledThatWasNotOrdered closes streams before their first word.
func TestNothingIsCancelledThatWasNotOrdered(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		r.Open(request()).Stop(nil)
		l := r.Open(request())
		l.MustOrder(true, "")
		l.Stop(nil) // it has ended
		r.Want()
		if len(r.Conns) != 1 {
			r.Errorf("got %d sockets, want one for both", len(r.Conns))
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
				r.Open(req).Stop(nil) // nothing was ordered
				got := (<-r.Conns).Request
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
		r.WantRejected(req)
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
