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

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// recorder is a vendor that records messages and says nothing but what the test has it say.
type recorder struct {
	t        *testing.T
	provider *provider
	vendor   *upstreamtest.Vendor
	messages chan string
	conns    chan *upstreamtest.Conn
}

// recorded runs a test in a bubble, before a recorder.
func recorded(t *testing.T, cfg Config, test func(r *recorder)) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{t: t, messages: make(chan string, 1024), conns: make(chan *upstreamtest.Conn, 16)}
		r.vendor = upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			r.conns <- c
			for {
				m, ok := c.Next()
				if !ok {
					return
				}
				r.messages <- string(m)
			}
		})
		defer r.vendor.Close()
		var err error
		env := upstream.Env{URL: upstreamtest.URL + "/", APIKey: "sk_1&2", HTTP: r.vendor.Client(), Log: zerolog.Nop()}
		if r.provider, err = open(cfg, env); err != nil {
			t.Fatal(err)
		}
		test(r)
		_ = r.provider.Close() // never fails
	})
}

// open opens a stream and gives the socket that it has got, nil where that was open.
func (r *recorder) open(req upstream.Request, sink upstream.Sink) (upstream.Stream, *upstreamtest.Conn) {
	r.t.Helper()
	s, err := r.provider.Open(r.t.Context(), req, sink)
	if err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	select {
	case c := <-r.conns:
		return s, c
	default:
		return s, nil
	}
}

// wantMessages compares what the vendor has got with what it should have, as JSON.
func (r *recorder) wantMessages(want ...string) {
	r.t.Helper()
	synctest.Wait()
	var got []string
	for len(r.messages) > 0 {
		got = append(got, <-r.messages)
	}
	if len(got) != len(want) {
		r.t.Errorf("got %d messages %q, want %d", len(got), got, len(want))
		return
	}
	for i := range want {
		var g, w any
		if json.Unmarshal([]byte(got[i]), &g) != nil || json.Unmarshal([]byte(want[i]), &w) != nil || !reflect.DeepEqual(g, w) {
			r.t.Errorf("message %d: got %s\nwant %s", i, got[i], want[i])
		}
	}
}

// messages are those of a piece.
func messages(id, text, settings string) []string {
	return []string{
		fmt.Sprintf(`{"text":" ","context_id":%q%s}`, id, settings),
		fmt.Sprintf(`{"text":%q,"context_id":%q,"flush":true}`, text, id),
		fmt.Sprintf(`{"context_id":%q,"close_context":true}`, id),
	}
}

func speak(t *testing.T, s upstream.Stream, id int, text string, last bool) {
	t.Helper()
	if err := s.Speak(t.Context(), upstream.Piece{ID: id, Text: text, Last: last}); err != nil {
		t.Fatal(err)
	}
}

// TestAContextAPiece has a third piece wait until the vendor has ended the first.
func TestAContextAPiece(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		t := r.t // the bubble's
		s, c := r.open(request, upstreamtest.NewSink(t))
		r.wantMessages()
		speak(t, s, 0, "Hello there.", false)
		r.wantMessages(messages("gen-1.0", "Hello there.", "")...)
		speak(t, s, 1, "And more.", false)
		r.wantMessages(messages("gen-1.1", "And more.", "")...)
		speak(t, s, 2, "The end.", true)
		r.wantMessages()
		c.SendRaw([]byte(`{"isFinal":true,"contextId":"gen-1.1"}`))
		r.wantMessages(messages("gen-1.2", "The end.", "")...)
		time.Sleep(keepAlive + time.Millisecond)
		r.wantMessages(`{"text":""}`)
		_ = s.Close(ended(), nil) // the vendor will not confirm
		r.wantMessages(`{"context_id":"gen-1.0","close_context":true}`, `{"context_id":"gen-1.2","close_context":true}`)
	})
}

func TestTheAddressHasTheSettings(t *testing.T) {
	recorded(t, Config{StreamsPerSocket: 1, Idle: time.Minute}, func(r *recorder) {
		t := r.t // the bubble's
		opts, err := r.provider.ParseOptions(json.RawMessage(`{"stability":0,"similarity_boost":1,"style":0.5,"use_speaker_boost":false,
			"seed":4294967295,"pronunciation_dictionary_locators":[{"pronunciation_dictionary_id":"d","version_id":"v"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		req := upstream.Request{
			ID: "g", Voice: "a b;c", Model: "m", Language: "de-AT", Speed: 2, Options: opts, Tenant: "t enant",
			Output: audio.Format{Encoding: audio.MuLaw, Rate: 8000},
		}
		s, c := r.open(req, upstreamtest.NewSink(t))
		if got, want := c.Request.URL.EscapedPath(), "/v1/text-to-speech/a%20b%3Bc/multi-stream-input"; got != want {
			t.Errorf("dialled %s, want %s", got, want)
		}
		want := url.Values{
			"model_id": {"m"}, "output_format": {"ulaw_8000"}, "language_code": {"de"}, "inactivity_timeout": {"180"},
			"sync_alignment": {"true"}, "auto_mode": {"true"}, "apply_text_normalization": {"off"}, "seed": {"4294967295"},
			"enable_logging": {"false"},
		}
		if got := c.Request.URL.Query(); !reflect.DeepEqual(got, want) {
			t.Errorf("got query %v, want %v", got, want)
		}
		if got := c.Request.Header.Get("xi-api-key"); got != "sk_1&2" {
			t.Errorf("got key %q", got)
		}
		speak(t, s, 0, "x", false)
		r.wantMessages(messages("g.0", "x", `,"voice_settings":{"stability":0,"similarity_boost":1,"style":0.5,
			"use_speaker_boost":false,"speed":1.2},
			"pronunciation_dictionary_locators":[{"pronunciation_dictionary_id":"d","version_id":"v"}]`)...)
		_ = s.Close(ended(), nil) // the vendor will not confirm
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
				t := r.t // the bubble's
				first, _ := r.open(request, upstreamtest.NewSink(t))
				req := request
				req.ID = "gen-2"
				c.change(&req)
				second, conn := r.open(req, upstreamtest.NewSink(t))
				if (conn == nil) != c.shared {
					t.Errorf("got another socket: %v, want it shared: %v", conn != nil, c.shared)
				}
				_, _ = first.Close(t.Context(), nil), second.Close(t.Context(), nil) // nothing was ordered
			})
		})
	}
}

// TestAClosingContextCounts cancels a stream of two contexts, and looks when the vendor is taken to have let go of it.
func TestAClosingContextCounts(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		t := r.t // the bubble's
		s, c := r.open(request, upstreamtest.NewSink(t))
		speak(t, s, 0, "One.", false)
		speak(t, s, 1, "Two.", false)
		_ = s.Close(ended(), nil)
		gone := false
		s.(upstream.Lingerer).WhenGone(func() { gone = true })
		for _, step := range []struct {
			context int
			want    bool
		}{{1, false}, {0, true}} {
			c.SendRaw(fmt.Appendf(nil, `{"isFinal":true,"contextId":"%s.%d"}`, request.ID, step.context))
			synctest.Wait()
			if gone != step.want {
				t.Errorf("behind the end of context %d: gone %v, want %v", step.context, gone, step.want)
			}
		}
	})
}

// TestTheVendorsWordIsNotWaitedForTooLong cancels at a vendor that never confirms.
func TestTheVendorsWordIsNotWaitedForTooLong(t *testing.T) {
	recorded(t, Config{StreamsPerSocket: 1, Idle: time.Minute}, func(r *recorder) {
		t := r.t // the bubble's
		for i := range 3 {
			req := request
			req.ID = fmt.Sprint("gen-", i)
			s, conn := r.open(req, upstreamtest.NewSink(t))
			if conn == nil {
				t.Errorf("stream %d took a socket whose context is open", i)
			}
			speak(t, s, 0, "One.", false)
			_ = s.Close(ended(), nil)
		}
		time.Sleep(linger + time.Millisecond)
		s, conn := r.open(request, upstreamtest.NewSink(t))
		if conn != nil {
			t.Error("opened a socket though others have been given up long ago")
		}
		speak(t, s, 0, "One.", false)
		_ = s.Close(ended(), nil)
		if n := len(r.provider.dialect.leaving.streams); n != 1 {
			t.Errorf("%d streams are remembered, want the latest only", n)
		}
	})
}

func TestRefusedVoices(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		t := r.t // the bubble's
		for _, voice := range []string{"", ".", ".."} {
			req := request
			req.Voice = voice
			_, err := r.provider.Open(t.Context(), req, upstreamtest.NewSink(t))
			if upstream.KindOf(err) != upstream.Rejected {
				t.Errorf("voice %q: got %v, want rejected", voice, err)
			}
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
