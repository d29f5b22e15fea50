package elevenlabs

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

type recorder = upstreamtest.Recorder[*provider]

// recorded runs a test in a bubble, before a vendor that records messages.
func recorded(t *testing.T, cfg Config, test func(r *recorder)) {
	t.Helper()
	upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(cfg, env) },
		Env:  upstream.Env{URL: "/", APIKey: "sk_1&2"},
	}.Run(t, test)
}

// messages are those of a piece.
func messages(id, text, settings string) []string {
	return []string{
		fmt.Sprintf(`{"text":" ","context_id":%q%s}`, id, settings),
		fmt.Sprintf(`{"text":%q,"context_id":%q,"flush":true}`, text, id),
		fmt.Sprintf(`{"context_id":%q,"close_context":true}`, id),
	}
}

// TestAContextAPiece has a third piece wait until the vendor has ended the first.
func TestAContextAPiece(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		l := r.Open(request)
		c := r.Conn()
		r.Want()
		l.MustOrder(false, "Hello there.")
		r.Want(messages("gen-1.0", "Hello there.", "")...)
		l.MustOrder(false, "And more.")
		r.Want(messages("gen-1.1", "And more.", "")...)
		l.MustOrder(true, "The end.")
		r.Want()
		c.SendRaw([]byte(`{"isFinal":true,"contextId":"gen-1.1"}`))
		r.Want(messages("gen-1.2", "The end.", "")...)
		time.Sleep(keepAlive + time.Millisecond)
		r.Want(`{"text":""}`)
		l.Cut()
		r.Want(`{"context_id":"gen-1.0","close_context":true}`, `{"context_id":"gen-1.2","close_context":true}`)
	})
}

func TestTheAddressHasTheSettings(t *testing.T) {
	recorded(t, Config{StreamsPerSocket: 1, Idle: time.Minute}, func(r *recorder) {
		opts, err := r.Provider.ParseOptions(json.RawMessage(`{"stability":0,"similarity_boost":1,"style":0.5,"use_speaker_boost":false,
			"seed":4294967295,"pronunciation_dictionary_locators":[{"pronunciation_dictionary_id":"d","version_id":"v"}]}`))
		if err != nil {
			r.Fatal(err)
		}
		req := upstream.Request{
			ID: "g", Voice: "a b;c", Model: "m", Language: "de-AT", Speed: 2, Options: opts, Tenant: "t enant",
			Output: audio.Format{Encoding: audio.MuLaw, Rate: 8000},
		}
		l := r.Open(req)
		c := r.Conn()
		if got, want := c.Request.URL.EscapedPath(), "/v1/text-to-speech/a%20b%3Bc/multi-stream-input"; got != want {
			r.Errorf("dialled %s, want %s", got, want)
		}
		want := url.Values{
			"model_id": {"m"}, "output_format": {"ulaw_8000"}, "language_code": {"de"}, "inactivity_timeout": {"180"},
			"sync_alignment": {"true"}, "auto_mode": {"true"}, "apply_text_normalization": {"off"}, "seed": {"4294967295"},
			"enable_logging": {"false"},
		}
		if got := c.Request.URL.Query(); !reflect.DeepEqual(got, want) {
			r.Errorf("got query %v, want %v", got, want)
		}
		if got := c.Request.Header.Get("xi-api-key"); got != "sk_1&2" {
			r.Errorf("got key %q", got)
		}
		l.MustOrder(false, "x")
		r.Want(messages("g.0", "x", `,"voice_settings":{"stability":0,"similarity_boost":1,"style":0.5,
			"use_speaker_boost":false,"speed":1.2},
			"pronunciation_dictionary_locators":[{"pronunciation_dictionary_id":"d","version_id":"v"}]`)...)
		l.Cut()
	})
}

func TestSocketsAreSharedByEqualSettingsOnly(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*upstream.Request)
		shared bool
	}{
		"equal":          {func(*upstream.Request) {}, true},
		"another speed":  {func(r *upstream.Request) { r.Speed = 1.1 }, true}, // of the context
		"another voice":  {func(r *upstream.Request) { r.Voice = "v" }, false},
		"another tenant": {func(r *upstream.Request) { r.Tenant = "b" }, false},
		"another model":  {func(r *upstream.Request) { r.Model = "m" }, false},
		"another format": {func(r *upstream.Request) { r.Output.Rate = 8000 }, false},
		"a language":     {func(r *upstream.Request) { r.Language = "de" }, false},
		"as written":     {func(r *upstream.Request) { r.Normalize = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, defaults(), func(r *recorder) {
				first := r.Open(request)
				r.Conn()
				req := request
				req.ID = "gen-2"
				c.change(&req)
				second := r.Open(req)
				conn := r.Conn()
				if (conn == nil) != c.shared {
					r.Errorf("got another socket: %v, want it shared: %v", conn != nil, c.shared)
				}
				first.Stop(nil) // nothing was ordered
				second.Stop(nil)
			})
		})
	}
}

// TestAClosingContextCounts cancels a stream of two contexts, and looks when the vendor is taken to have let go of it.
func TestAClosingContextCounts(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		l := r.Open(request)
		c := r.Conn()
		l.MustOrder(false, "One.")
		l.MustOrder(false, "Two.")
		l.Cut()
		gone := false
		l.Stream.(upstream.Lingerer).WhenGone(func() { gone = true })
		for _, step := range []struct {
			context int
			want    bool
		}{{1, false}, {0, true}} {
			c.SendRaw(fmt.Appendf(nil, `{"isFinal":true,"contextId":"%s.%d"}`, request.ID, step.context))
			synctest.Wait()
			if gone != step.want {
				r.Errorf("after the end of context %d: gone %v, want %v", step.context, gone, step.want)
			}
		}
	})
}

// TestTheVendorsWordIsNotWaitedForTooLong cancels at a vendor that never confirms.
func TestTheVendorsWordIsNotWaitedForTooLong(t *testing.T) {
	recorded(t, Config{StreamsPerSocket: 1, Idle: time.Minute}, func(r *recorder) {
		for i := range 3 {
			req := request
			req.ID = fmt.Sprint("gen-", i)
			l := r.Open(req)
			conn := r.Conn()
			if conn == nil {
				r.Errorf("stream %d took a socket whose context is open", i)
			}
			l.MustOrder(false, "One.")
			l.Cut()
		}
		time.Sleep(linger + time.Millisecond)
		l := r.Open(request)
		conn := r.Conn()
		if conn != nil {
			r.Error("opened a socket though others have been given up long ago")
		}
		l.MustOrder(false, "One.")
		l.Cut()
		if n := len(r.Provider.dialect.leaving.streams); n != 1 {
			r.Errorf("%d streams are remembered, want the latest only", n)
		}
	})
}

func TestRefusedVoices(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		for _, voice := range []string{"", ".", ".."} {
			req := request
			req.Voice = voice
			r.WantRejected(req)
		}
	})
}

func TestOutputFormats(t *testing.T) {
	for want, output := range map[string]audio.Format{
		"pcm_8000":  {Encoding: audio.PCM16, Rate: 8000},
		"pcm_16000": {Encoding: audio.PCMF32, Rate: 16000},
		"pcm_22050": {Encoding: audio.WAV, Rate: 22050},
		"pcm_24000": {Encoding: audio.PCM16, Rate: 48000},
		"ulaw_8000": {Encoding: audio.MuLaw, Rate: 8000},
		"alaw_8000": {Encoding: audio.ALaw, Rate: 8000},
	} {
		if got := outputFormat(audio.Nearest(output, formats)); got != want {
			t.Errorf("%v: got %s, want %s", output, got, want)
		}
	}
	for _, f := range formats {
		if strings.Contains(outputFormat(f), "44100") {
			t.Error("asks for pcm_44100, which not every account may have")
		}
	}
}
