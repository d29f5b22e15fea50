package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/providers"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// post asks for speech over HTTP. The body is open: the test reads it.
func (r *rig) post(ctx context.Context, body string, header http.Header) (*http.Response, error) {
	r.t.Helper()
	return r.postTo(ctx, "/v1/speech", body, header)
}

func (r *rig) postTo(ctx context.Context, path, body string, header http.Header) (*http.Response, error) {
	r.t.Helper()
	transport := &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return r.pipe.Dial() },
		DisableKeepAlives: true,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/json"}}
	for name, values := range header {
		req.Header[name] = values
	}
	return transport.RoundTrip(req)
}

// spoken is the whole answer to a request for speech.
type spoken struct {
	status          int
	header, trailer http.Header
	body            []byte
	broken          error // why the body did not come whole
}

func (r *rig) speak(body string, header http.Header) spoken {
	r.t.Helper()
	return r.speakTo("/v1/speech", body, header)
}

func (r *rig) speakTo(path, body string, header http.Header) spoken {
	r.t.Helper()
	res, err := r.postTo(context.Background(), path, body, header)
	if err != nil {
		r.t.Fatal(err)
	}
	all, broken := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		r.t.Fatal(err)
	}
	return spoken{res.StatusCode, res.Header, res.Trailer, all, broken}
}

// code is that of the error which the answer is.
func (s spoken) code() string {
	var body struct{ Error struct{ Code string } }
	if json.Unmarshal(s.body, &body) != nil {
		return "no error object"
	}
	return body.Error.Code
}

func TestSpeechComesAsItIsSpoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 50 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		began := time.Now()
		res, err := r.post(t.Context(), `{"text":"`+relaytest.TwelveWords+`"}`, nil)
		if err != nil {
			t.Fatal(err)
		}
		if h := res.Header; h.Get("X-Accel-Buffering") != "no" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v let what lies between hold the audio back, or keep it", h)
		}
		head := make([]byte, len(audio.WAVHeader(relaytest.FakeRate))+relaytest.FakeFrameLength)
		if _, err := io.ReadFull(res.Body, head); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*f.Pace {
			t.Errorf("the first frame came after %v, want it as it was spoken", took)
		}
		if !bytes.HasPrefix(head, audio.WAVHeader(relaytest.FakeRate)) {
			t.Error("the audio does not begin with the header of a WAV file")
		}
		rest, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if got, want := len(rest), (len(relaytest.TwelveWords)-1)*relaytest.FakeFrameLength; got != want {
			t.Errorf("%d more bytes of audio, want %d", got, want)
		}
		if got := res.Trailer.Get("Generation-Status"); got != "completed" {
			t.Errorf("Generation-Status is %q, want completed", got)
		}
	})
}

func TestSpeechIsCancelledByLeaving(t *testing.T) {
	for name, before := range map[string]bool{"before audio": true, "in mid-speech": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := relaytest.NewFake()
				f.Pace, f.Silent = 50*time.Millisecond, before
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
				ctx, leave := context.WithCancel(t.Context())
				over := make(chan struct{})
				go func() {
					defer close(over)
					if res, err := r.post(ctx, `{"text":"`+relaytest.TwelveWords+`"}`, nil); err == nil {
						_, _ = io.Copy(io.Discard, res.Body) // ends with the client's leaving
					}
				}()
				time.Sleep(200 * time.Millisecond)
				leave()
				<-over
				time.Sleep(time.Millisecond)
				if f.StreamsOpen() != 0 || len(f.Causes()) != 1 || !errors.Is(f.Causes()[0], relay.CauseGone) {
					t.Errorf("%d streams are open, closed with %v, want the one closed with %v", f.StreamsOpen(), f.Causes(), relay.CauseGone)
				}
				if n := len(r.srv.current()); n != 0 {
					t.Errorf("%d requests are still served", n)
				}
			})
		})
	}
}

func TestSpeechThatNobodyTakesIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		cfg := quick(func(l *limits.Config) { l.WriteTimeout = 5 * time.Second })
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": f})
		res, err := r.post(t.Context(), `{"text":"`+relaytest.TwelveWords+`"}`, nil) // and reads nothing
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }() // the relay has cut it
		time.Sleep(4 * time.Second)
		if len(r.srv.current()) != 1 {
			t.Error("given up before its time")
		}
		time.Sleep(2 * time.Second)
		if len(r.srv.current()) != 0 {
			t.Error("a client that takes nothing for 5 s is still served")
		}
	})
}

func TestSpeechForASlowReaderIsSpokenToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick(func(l *limits.Config) { l.WriteTimeout = 2 * time.Second })
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		res, err := r.post(t.Context(), `{"text":"`+relaytest.TwelveWords+`"}`, nil)
		if err != nil {
			t.Fatal(err)
		}
		step, got, began := make([]byte, 4<<10), 0, time.Now()
		for err == nil {
			var n int
			n, err = io.ReadFull(res.Body, step)
			got += n
			time.Sleep(900 * time.Millisecond)
		}
		if took := time.Since(began); took < 10*cfg.Local.Limits.WriteTimeout {
			t.Fatalf("it took %v, which is no slow reader", took)
		}
		if want := len(audio.WAVHeader(relaytest.FakeRate)) + len(relaytest.TwelveWords)*relaytest.FakeFrameLength; got != want || res.Trailer.Get("Generation-Status") != "completed" {
			t.Errorf("%d bytes, %q; want %d, completed", got, res.Trailer.Get("Generation-Status"), want)
		}
	})
}

func TestSpeechOutlastsDrainingOrSaysThatItDoesNot(t *testing.T) {
	for name, tt := range map[string]struct {
		grace  time.Duration
		lines  string
		want   string
		broken bool
		silent bool
		status int
	}{
		"time enough":          {time.Minute, "", "completed", false, false, 200},
		"too little":           {300 * time.Millisecond, "", "", true, false, 200},
		"too little, in lines": {300 * time.Millisecond, "application/x-ndjson", "failed", false, false, 200},
		"before audio":         {300 * time.Millisecond, "", "", false, true, 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := relaytest.NewFake()
				f.Pace, f.Silent = 50*time.Millisecond, tt.silent
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
				answered := make(chan spoken, 1)
				go func() { answered <- r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, http.Header{"Accept": {tt.lines}}) }()
				time.Sleep(100 * time.Millisecond)
				drained := make(chan struct{})
				go func() { defer close(drained); r.srv.Drain(context.Background(), tt.grace) }()
				synctest.Wait()
				if late := r.speak(`{"text":"hi"}`, nil); late.code() != "draining" || late.status != 503 {
					t.Errorf("one that comes late gets %d %s, want 503 draining", late.status, late.code())
				}
				got := <-answered
				<-drained
				if got.status != tt.status || got.trailer.Get("Generation-Status") != tt.want || (got.broken != nil) != tt.broken {
					t.Errorf("got %d %q, broken by %v; want %d %q, broken %t", got.status, got.trailer.Get("Generation-Status"), got.broken, tt.status, tt.want, tt.broken)
				}
			})
		})
	}
}

func TestDrainingCutsWhoTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		res, err := r.post(t.Context(), `{"text":"`+relaytest.TwelveWords+`"}`, nil) // and reads nothing
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }() // the relay has cut it
		began := time.Now()
		r.srv.Drain(context.Background(), time.Second)
		if took, most := time.Since(began), time.Second+delivery.CloseFramePatience+providers.CloseGrace; took > most {
			t.Errorf("draining took %v, want at most %v", took, most)
		}
		if _, err := io.Copy(io.Discard, res.Body); err == nil {
			t.Error("the body that was cut has an end")
		}
	})
}

func TestFailureBeforeAudioIsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Refuse = &upstream.Error{Kind: upstream.Rejected, Message: "no"}
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		for _, accept := range []string{"*/*", "application/x-ndjson"} {
			got := r.speak(`{"text":"hi"}`, http.Header{"Accept": {accept}})
			if got.status != 422 || got.code() != "upstream_rejected" {
				t.Errorf("accepting %s: got %d %s, want 422 upstream_rejected", accept, got.status, got.code())
			}
			if got.header.Get("Record-Id") == "" || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("accepting %s: the answer has headers %v", accept, got.header)
			}
		}
	})
}

func TestFailureLongAfterTheRequestStillArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alpha, pace := relaytest.NewFake(), routing.DefaultPace()
		alpha.Silent = true
		pace.FirstAudioTimeout = 3 * answerPatience
		r := newPacedRig(t, pace, Config{}, []string{"alpha"}, fakes{"alpha": alpha})
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 504 || got.code() != "upstream_timeout" {
			t.Errorf("got %d %s, want 504 upstream_timeout", got.status, got.code())
		}
	})
}

func TestKeysRequestsShareWhatAConnectionMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 50 * time.Millisecond
		cfg := quick(func(l *limits.Config) { l.MaxConcurrentGenerations, l.GenerationsPerMinute = 1, 2 })
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": f})
		first := make(chan spoken, 1)
		go func() { first <- r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, nil) }()
		time.Sleep(100 * time.Millisecond)
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 429 || got.code() != "too_many_generations" {
			t.Errorf("with another running: got %d %s, want 429 too_many_generations", got.status, got.code())
		}
		if got := <-first; got.status != 200 {
			t.Errorf("the first: got %d", got.status)
		}
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 200 { // at once: the place was free before the answer was over
			t.Errorf("the second: got %d %s", got.status, got.code())
		}
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 429 || got.code() != "rate_limit_exceeded" {
			t.Errorf("the third: got %d %s, want 429 rate_limit_exceeded", got.status, got.code())
		}
		time.Sleep(30 * time.Second)
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 200 {
			t.Errorf("half a minute later: got %d %s", got.status, got.code())
		}
	})
}

func TestSpeechEndsWhereItsKeyIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 50 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		answered := make(chan spoken, 1)
		go func() { answered <- r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, nil) }()
		time.Sleep(100 * time.Millisecond)
		keyed := withDefaults(Config{Keys: []Key{{Name: "bot", Tenant: "acme", Hash: [32]byte{1}, Limits: limits.Default()}}})
		if _, err := r.srv.Reload(keyed, fakeParts(t, routing.DefaultPace(), []string{"alpha"}, fakes{"alpha": f})); err != nil {
			t.Fatal(err)
		}
		if got := <-answered; got.broken == nil || len(got.body) == 0 {
			t.Errorf("ended with %d bytes and without an error", len(got.body))
		}
	})
}
