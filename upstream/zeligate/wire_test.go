package zeligate

import (
	"context"
	"encoding/json"
	"net/http"
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

// recording is a provider before a vendor that records what it gets and says nothing.
type recording struct {
	*provider
	t      *testing.T
	vendor *upstreamtest.Vendor
	dialed chan *http.Request
	frames chan string
}

// recorded runs a test in a bubble, with a key that a query must escape.
func recorded(t *testing.T, cfg Config, env upstream.Env, test func(t *testing.T, r *recording)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &recording{t: t, dialed: make(chan *http.Request, 64), frames: make(chan string, 1024)}
		r.vendor = upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			r.dialed <- c.Request
			for {
				f, ok := c.Next()
				if !ok {
					return
				}
				r.frames <- string(f)
			}
		})
		defer r.vendor.Close()
		env.URL, env.HTTP, env.Log = upstreamtest.URL+"/zeli/?x=y", r.vendor.Client(), zerolog.Nop()
		var err error
		if r.provider, err = open(cfg, env); err != nil {
			t.Fatal(err)
		}
		test(t, r)
		_ = r.provider.Close() // never fails
	})
}

const oddKey = "sk-zeli+1&2"

// begin opens a stream.
func (r *recording) begin(req upstream.Request) upstream.Stream {
	r.t.Helper()
	s, err := r.Open(r.t.Context(), req, upstreamtest.NewSink(r.t, oddKey))
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// wantFrames compares what has been sent since the last call, as JSON.
func (r *recording) wantFrames(want ...string) {
	r.t.Helper()
	synctest.Wait()
	var got []string
	for len(r.frames) > 0 {
		got = append(got, <-r.frames)
	}
	if len(got) != len(want) {
		r.t.Errorf("got %d frames %q, want %d", len(got), got, len(want))
		return
	}
	for i := range want {
		var g, w any
		if json.Unmarshal([]byte(got[i]), &g) != nil || json.Unmarshal([]byte(want[i]), &w) != nil || !reflect.DeepEqual(g, w) {
			r.t.Errorf("frame %d: got %s\nwant %s", i, got[i], want[i])
		}
	}
}

// wantSockets checks how many sockets have been opened and how many are open.
func (r *recording) wantSockets(opened, open int) {
	r.t.Helper()
	synctest.Wait()
	if gotOpened, gotOpen := r.vendor.Sockets(); gotOpened != opened || gotOpen != open {
		r.t.Errorf("got %d sockets opened and %d open, want %d and %d", gotOpened, gotOpen, opened, open)
	}
}

func (r *recording) speak(s upstream.Stream, id int, text string, last bool) {
	r.t.Helper()
	if err := s.Speak(r.t.Context(), upstream.Piece{ID: id, Text: text, Last: last}); err != nil {
		r.t.Fatal(err)
	}
}

func TestFramesOfAGeneration(t *testing.T) {
	recorded(t, defaults, upstream.Env{APIKey: oddKey}, func(_ *testing.T, r *recording) {
		s := r.begin(request)
		time.Sleep(30 * time.Second)
		r.wantFrames() // a space would open the stream
		r.speak(s, 0, "Hello there.", false)
		r.wantFrames(`{"text":" ","authorization":"Bearer sk-zeli+1&2"}`, `{"text":"Hello there."}`, `{"flush":true}`)
		time.Sleep(keepAlive)
		r.wantFrames(`{"text":" "}`)
		r.speak(s, 1, " And more.", false)
		r.wantFrames(`{"text":" And more."}`, `{"flush":true}`)
		r.speak(s, 2, " The end.", true)
		r.wantFrames(`{"text":" The end."}`, `{"text":""}`)
		time.Sleep(30 * time.Second)
		r.wantFrames()                  // nothing follows EOS
		_ = s.Close(r.t.Context(), nil) // never fails
		r.wantSockets(1, 0)
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
	recorded(t, defaults, upstream.Env{}, func(_ *testing.T, r *recording) {
		s := r.begin(request)
		r.speak(s, 0, "Hello.", true)
		r.wantFrames(`{"text":" "}`, `{"text":"Hello."}`, `{"text":""}`) // an open installation takes no key
		_ = s.Close(r.t.Context(), nil)                                  // never fails
	})
}

func TestAnEmptyLastPiece(t *testing.T) {
	recorded(t, defaults, upstream.Env{}, func(t *testing.T, r *recording) {
		s := r.begin(request)
		r.speak(s, 0, "Hello.", false)
		r.speak(s, 1, "", true)
		r.wantFrames(`{"text":" "}`, `{"text":"Hello."}`, `{"flush":true}`, `{"text":""}`)
		_ = s.Close(t.Context(), nil) // never fails

		sink := upstreamtest.NewSink(t)
		empty, err := r.Open(t.Context(), request, sink)
		if err != nil {
			t.Fatal(err)
		}
		r.speak(empty, 0, "", true)
		<-sink.Ended()
		if err := sink.Heard().Err; err != nil {
			t.Errorf("nothing to say: got %v", err)
		}
		r.wantFrames() // nothing to say opens no stream
		r.wantSockets(2, 0)
	})
}

func TestFramesOfEveryOption(t *testing.T) {
	cfg := defaults
	cfg.ChunkLengthSchedule = []int64{50, 90}
	recorded(t, cfg, upstream.Env{}, func(t *testing.T, r *recording) {
		for raw, want := range map[string]string{
			`{}`: `{"text":" ","voice_settings":{"speed":1.2},"generation_config":{"chunk_length_schedule":[50,90]}}`,
			`{"stability":0.5,"style":0,"chunk_length_schedule":[120]}`: `{"text":" ",
				"voice_settings":{"stability":0.5,"style":0,"speed":1.2},"generation_config":{"chunk_length_schedule":[120]}}`,
		} {
			req := request
			req.Speed = 1.5
			var err error
			if req.Options, err = r.ParseOptions(json.RawMessage(raw)); err != nil {
				t.Fatal(err)
			}
			s := r.begin(req)
			r.speak(s, 0, "x", true)
			r.wantFrames(want, `{"text":"x"}`, `{"text":""}`)
			_ = s.Close(t.Context(), nil) // never fails
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
			recorded(t, c.cfg, upstream.Env{APIKey: c.key}, func(t *testing.T, r *recording) {
				req := request
				req.Voice, req.Output = c.voice, c.output
				s := r.begin(req)
				r.speak(s, 0, "x", false)
				dialed := <-r.dialed
				if got := dialed.URL.RequestURI(); got != c.uri {
					t.Errorf("dialled %s, want %s", got, c.uri)
				}
				if got := dialed.Header.Get("Authorization"); got != c.header {
					t.Errorf("got header %q, want %q", got, c.header)
				}
				r.wantFrames(c.text, `{"text":"x"}`, `{"flush":true}`)
				_ = s.Close(t.Context(), nil) // never fails
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
	recorded(t, defaults, upstream.Env{}, func(t *testing.T, r *recording) {
		for _, voice := range []string{"", ".", ".."} {
			req := request
			req.Voice = voice
			_, err := r.Open(t.Context(), req, upstreamtest.NewSink(t))
			if upstream.KindOf(err) != upstream.Rejected {
				t.Errorf("voice %q: got %v, want rejected", voice, err)
			}
		}
		r.wantSockets(0, 0)
	})
}

// TestTheVendorSpeaksOneAtATime has the adapter say so, and refuse none: whoever opens streams counts them.
func TestTheVendorSpeaksOneAtATime(t *testing.T) {
	recorded(t, defaults, upstream.Env{}, func(t *testing.T, r *recording) {
		if got := r.Capabilities().Concurrent; got != 1 {
			t.Errorf("streams at once: got %d, want 1", got)
		}
		for range 2 {
			defer func(s upstream.Stream) { _ = s.Close(t.Context(), nil) }(r.begin(request)) // never fails
		}
		r.wantSockets(2, 2)
	})
}

// TestASocketAhead has a socket opened ahead of the next stream, which the vendor hears nothing on until that speaks.
func TestASocketAhead(t *testing.T) {
	recorded(t, defaults, upstream.Env{Warm: 1}, func(t *testing.T, r *recording) {
		r.Warm(t.Context())
		r.wantSockets(0, 0) // for which voice?
		s := r.begin(request)
		r.wantSockets(2, 2)
		_ = s.Close(t.Context(), nil) // never fails
		r.wantSockets(2, 1)
		s = r.begin(request) // on the one ahead
		r.wantSockets(3, 2)
		r.wantFrames()
		r.speak(s, 0, "x", true)
		r.wantFrames(`{"text":" "}`, `{"text":"x"}`, `{"text":""}`)
		_ = s.Close(t.Context(), nil) // never fails
		time.Sleep(15 * time.Second)
		r.wantSockets(4, 1) // the one ahead has become old
		other := request
		other.Voice = "zeli-voice-2"
		s = r.begin(other)
		r.wantSockets(6, 3) // one for the stream and one ahead, as that of the other voice is of no use
		_ = s.Close(t.Context(), nil)
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
		if h := sink.Heard(); h.Frames != 1 || h.Err != error(errStop) {
			t.Errorf("got %d frames and %v, want 1 and the cause", h.Frames, h.Err)
		}
	})
}
