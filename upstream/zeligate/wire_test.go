package zeligate

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

type recorder = upstreamtest.Recorder[*provider]

// recorded runs a test in a bubble, before a vendor that records frames.
func recorded(t *testing.T, cfg Config, env upstream.Env, test func(r *recorder)) {
	t.Helper()
	env.URL = "/zeli/?x=y"
	upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(cfg, env) },
		Env:  env,
	}.Run(t, test)
}

// oddKey must be escaped in a query.
const oddKey = "sk-zeli+1&2"

func TestFramesOfAGeneration(t *testing.T) {
	recorded(t, defaults, upstream.Env{APIKey: oddKey}, func(r *recorder) {
		l := r.Open(request)
		time.Sleep(30 * time.Second)
		r.Want() // a space would open the stream
		l.MustOrder(false, "Hello there.")
		r.Want(`{"text":" ","authorization":"Bearer sk-zeli+1&2"}`, `{"text":"Hello there."}`, `{"flush":true}`)
		time.Sleep(keepAlive)
		r.Want(`{"text":" "}`)
		l.MustOrder(false, " And more.")
		r.Want(`{"text":" And more."}`, `{"flush":true}`)
		l.MustOrder(true, " The end.")
		r.Want(`{"text":" The end."}`, `{"text":""}`)
		time.Sleep(30 * time.Second)
		r.Want() // nothing follows EOS
		l.Stop(nil)
		r.WantSockets(1, 0)
	})
}

// TestNoKeepAliveAroundTheEnds looks at the moments at which BOS and EOS may or may not have been queued.
func TestNoKeepAliveAroundTheEnds(t *testing.T) {
	s := &stream{}
	if got := s.KeepAlive(); got != nil {
		t.Errorf("before BOS: got %s", got)
	}
	s.begun = true
	if got := string(s.KeepAlive()); got != `{"text":" "}` {
		t.Errorf("after BOS: got %s", got)
	}
	if begun, err := s.order(upstream.Piece{Last: true}); !begun || err != nil {
		t.Errorf("got %v and %v", begun, err)
	}
	if got := s.KeepAlive(); got != nil {
		t.Errorf("around EOS: got %s", got)
	}
}

func TestFramesOfAGenerationOfOnePiece(t *testing.T) {
	recorded(t, defaults, upstream.Env{}, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(true, "Hello.")
		r.Want(`{"text":" "}`, `{"text":"Hello."}`, `{"text":""}`) // an open installation takes no key
		l.Stop(nil)
	})
}

func TestAnEmptyLastPiece(t *testing.T) {
	recorded(t, defaults, upstream.Env{}, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "Hello.")
		l.MustOrder(true, "")
		r.Want(`{"text":" "}`, `{"text":"Hello."}`, `{"flush":true}`, `{"text":""}`)
		l.Stop(nil)

		empty := r.Open(request)
		empty.MustOrder(true, "")
		<-empty.Ended()
		if err := empty.Heard().Err; err != nil {
			r.Errorf("nothing to say: got %v", err)
		}
		r.Want() // nothing to say opens no stream
		r.WantSockets(2, 0)
	})
}

func TestFramesOfEveryOption(t *testing.T) {
	cfg := defaults
	cfg.ChunkLengthSchedule = []int64{50, 90}
	recorded(t, cfg, upstream.Env{}, func(r *recorder) {
		for raw, want := range map[string]string{
			`{}`: `{"text":" ","voice_settings":{"speed":1.2},"generation_config":{"chunk_length_schedule":[50,90]}}`,
			`{"stability":0.5,"style":0,"chunk_length_schedule":[120]}`: `{"text":" ",
				"voice_settings":{"stability":0.5,"style":0,"speed":1.2},"generation_config":{"chunk_length_schedule":[120]}}`,
		} {
			req := request
			req.Speed = 1.5
			var err error
			if req.Options, err = r.Provider.ParseOptions(json.RawMessage(raw)); err != nil {
				r.Fatal(err)
			}
			l := r.Open(req)
			l.MustOrder(true, "x")
			r.Want(want, `{"text":"x"}`, `{"text":""}`)
			l.Stop(nil)
		}
	})
}

func TestAddresses(t *testing.T) {
	query := defaults
	query.Auth = authQuery
	for name, c := range map[string]struct {
		cfg               Config
		key               upstream.Secret
		voice             string
		output            audio.Format
		uri, header, text string
	}{
		"the key in BOS": {
			defaults, oddKey, "zeli-voice-1", request.Output,
			"/zeli/v1/text-to-speech/zeli-voice-1/stream-input?output_format=pcm_24000", "Bearer sk-zeli+1&2",
			`{"text":" ","authorization":"Bearer sk-zeli+1&2"}`,
		},
		"the key in the query": {
			query, oddKey, "custom-anna",
			audio.Format{Encoding: audio.MuLaw, Rate: 8000},
			"/zeli/v1/text-to-speech/custom-anna/stream-input?output_format=ulaw_8000&authorization=Bearer%20sk-zeli%2B1%262",
			"Bearer sk-zeli+1&2", `{"text":" "}`,
		},
		"no key": {
			query, "", "a b;c=d",
			audio.Format{Encoding: audio.WAV, Rate: 48000},
			"/zeli/v1/text-to-speech/a%20b%3Bc=d/stream-input?output_format=pcm_48000", "", `{"text":" "}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, c.cfg, upstream.Env{APIKey: c.key}, func(r *recorder) {
				req := request
				req.Voice, req.Output = c.voice, c.output
				l := r.Open(req)
				l.MustOrder(false, "x")
				dialed := (<-r.Conns).Request
				if got := dialed.URL.RequestURI(); got != c.uri {
					r.Errorf("dialled %s, want %s", got, c.uri)
				}
				if got := dialed.Header.Get("Authorization"); got != c.header {
					r.Errorf("got header %q, want %q", got, c.header)
				}
				r.Want(c.text, `{"text":"x"}`, `{"flush":true}`)
				l.Stop(nil)
			})
		})
	}
}

func TestOutputFormats(t *testing.T) {
	for want, output := range map[string]audio.Format{
		"pcm_8000":  {Encoding: audio.PCM16, Rate: 8000},
		"pcm_16000": {Encoding: audio.PCMF32, Rate: 16000},
		"pcm_22050": {Encoding: audio.WAV, Rate: 22050},
		"pcm_24000": {Encoding: audio.PCM16, Rate: 24000},
		"pcm_44100": {Encoding: audio.PCM16, Rate: 44100},
		"pcm_48000": {Encoding: audio.PCMF32, Rate: 48000},
		"ulaw_8000": {Encoding: audio.MuLaw, Rate: 8000},
		"alaw_8000": {Encoding: audio.ALaw, Rate: 8000},
	} {
		if got := outputFormat(audio.Nearest(output, formats)); got != want {
			t.Errorf("%v: got %s, want %s", output, got, want)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	recorded(t, defaults, upstream.Env{}, func(r *recorder) {
		for _, voice := range []string{"", ".", ".."} {
			req := request
			req.Voice = voice
			r.WantRejected(req)
		}
		r.WantSockets(0, 0)
	})
}

// TestTheVendorSpeaksOneAtATime has the adapter say so, and refuse none: the caller that opens streams counts them.
func TestTheVendorSpeaksOneAtATime(t *testing.T) {
	recorded(t, defaults, upstream.Env{}, func(r *recorder) {
		if got := r.Provider.Capabilities().Concurrent; got != 1 {
			r.Errorf("streams at once: got %d, want 1", got)
		}
		for range 2 {
			defer r.Open(request).Stop(nil)
		}
		r.WantSockets(2, 2)
	})
}

// TestASocketAhead has a socket opened ahead of the next stream, which the vendor hears nothing on until that speaks.
func TestASocketAhead(t *testing.T) {
	recorded(t, defaults, upstream.Env{Warm: 1}, func(r *recorder) {
		r.Provider.Warm(r.Context())
		r.WantSockets(0, 0) // for which voice?
		l := r.Open(request)
		r.WantSockets(2, 2)
		l.Stop(nil)
		r.WantSockets(2, 1)
		l = r.Open(request) // on the one ahead
		r.WantSockets(3, 2)
		r.Want()
		l.MustOrder(true, "x")
		r.Want(`{"text":" "}`, `{"text":"x"}`, `{"text":""}`)
		l.Stop(nil)
		time.Sleep(15 * time.Second)
		r.WantSockets(4, 1) // the one ahead has become old
		other := request
		other.Voice = "zeli-voice-2"
		l = r.Open(other)
		r.WantSockets(6, 3) // one for the stream and one ahead, as that of the other voice is of no use
		l.Stop(nil)
	})
}

// TestCloseTellsTheVendorAtOnce closes streams in the middle of their audio, with no time to wait.
func TestCloseTellsTheVendorAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := upstreamtest.NewVendor(script)
		defer vendor.Close()
		vendor.SetPlan(upstreamtest.Plan{Gap: time.Second})
		p, err := open(defaults, upstream.Env{URL: upstreamtest.URL, APIKey: "k", HTTP: vendor.Client(), Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Close() }() // never fails
		sink := upstreamtest.NewSink(t)
		s, err := p.Open(t.Context(), request, sink)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Speak(t.Context(), upstream.Piece{Text: strings.Repeat("long ", 100)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		if err := sink.Close(func(cause error) error { return s.Close(ctx, cause) }, errStop); err != nil {
			t.Errorf("Close: %v", err)
		}
		synctest.Wait()
		stops := vendor.Stops()
		if len(stops) != 1 || !stops[0].At.Equal(began) {
			t.Errorf("the vendor was told by %v, want at %v", stops, began)
		}
		if h := sink.Heard(); h.Frames != 1 || !errors.Is(h.Err, errStop) {
			t.Errorf("got %d frames and %v, want 1 and the cause", h.Frames, h.Err)
		}
	})
}
