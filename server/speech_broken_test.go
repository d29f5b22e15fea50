package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// failing is a provider that fails in mid-speech.
func failing() *relaytest.FakeProvider {
	f := relaytest.NewFake()
	f.Pace, f.FailAt, f.Failure = 50*time.Millisecond, 5, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
	return f
}

// Speech that fails after its first byte has no end that a client could take for the whole, however it fails.
func TestSpeechThatBreaksOffIsNoWholeBody(t *testing.T) {
	for name, change := range map[string]func(f *relaytest.FakeProvider){
		"dropped":         func(*relaytest.FakeProvider) {},
		"stalled":         func(f *relaytest.FakeProvider) { f.FailAt, f.StallAt = 0, 5 },
		"garbage":         func(f *relaytest.FakeProvider) { f.Failure = &upstream.Error{Kind: upstream.Garbled, Message: "?"} },
		"an unknown kind": func(f *relaytest.FakeProvider) { f.Failure = errors.New("no kind") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := failing()
				change(f)
				pace := routing.DefaultPace()
				pace.StallTimeout = time.Second
				r := newPacedRig(t, pace, Config{}, []string{"alpha"}, fakes{"alpha": f})
				for _, encoding := range []string{"wav", "pcm_s16le"} {
					got := r.speak(fmt.Sprintf(`{"text":%q,"output":{"encoding":%q}}`, relaytest.TwelveWords, encoding), nil)
					if got.status != 200 || len(got.body) < 5*relaytest.FakeFrameLength || !errors.Is(got.broken, io.ErrUnexpectedEOF) {
						t.Errorf("%s: %d with %d bytes, then %v; want what was heard and an unexpected end", encoding, got.status, len(got.body), got.broken)
					}
				}
				lines := r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, http.Header{"Accept": {"application/x-ndjson"}})
				if lines.broken != nil || lines.trailer.Get("Generation-Status") != "failed" || !bytes.Contains(lines.body, []byte(`"type":"done"`)) {
					t.Errorf("lines: %v, %q, want them whole with their done", lines.broken, lines.trailer.Get("Generation-Status"))
				}
				if n := len(r.srv.current()); n != 0 || r.srv.gate.Inside() != 0 {
					t.Errorf("%d requests are still served, %d places taken", n, r.srv.gate.Inside())
				}
			})
		})
	}
}

// A fault that is taken over breaks nothing.
func TestSpeechThatIsTakenOverIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": failing(), "beta": relaytest.NewFake()})
		got := r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, nil)
		if got.broken != nil || got.trailer.Get("Generation-Status") != "completed" {
			t.Errorf("%v, %q", got.broken, got.trailer.Get("Generation-Status"))
		}
	})
}

// With length=known the whole is waited for: its length stands before it, in the WAV header too, and its end in headers.
func TestSpeechOfKnownLength(t *testing.T) {
	for encoding, header := range map[string]int{"wav": 44, "pcm_s16le": 0} {
		for text, frames := range map[string]int{relaytest.TwelveWords: len(relaytest.TwelveWords), " … ": 0} {
			t.Run(fmt.Sprint(encoding, " ", frames), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
					body := fmt.Sprintf(`{"text":%q,"output":{"encoding":%q}}`, text, encoding)
					got := r.speakTo("/v1/speech?length=known", body, nil)
					want := header + frames*relaytest.FakeFrameLength
					if got.status != 200 || len(got.body) != want || got.header.Get("Content-Length") != strconv.Itoa(want) {
						t.Fatalf("%d with %d bytes, Content-Length %s; want %d", got.status, len(got.body), got.header.Get("Content-Length"), want)
					}
					if got.header.Get("Generation-Status") != "completed" || got.header.Get("Usage") == "" || len(got.trailer) != 0 {
						t.Errorf("headers %v, trailers %v", got.header, got.trailer)
					}
					if encoding == "wav" {
						if riff, data := binary.LittleEndian.Uint32(got.body[4:]), binary.LittleEndian.Uint32(got.body[40:]); int(riff) != want-8 || int(data) != want-44 {
							t.Errorf("the header says %d and %d, want %d and %d", riff, data, want-8, want-44)
						}
					}
					synctest.Wait() // the client has the whole answer before its handler is through
					if n := r.srv.whole.Load(); n != 0 {
						t.Errorf("%d bytes are still counted", n)
					}
				})
			})
		}
	}
}

// A failure at any time has its status where nothing has been sent.
func TestSpeechOfKnownLengthFailsByItsStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": failing()})
		got := r.speakTo("/v1/speech?length=known", `{"text":"`+relaytest.TwelveWords+`"}`, nil)
		if got.status != 502 || got.code() != "upstream_failed" || got.header.Get("Record-Id") == "" {
			t.Errorf("got %d %s", got.status, got.body)
		}
		for _, query := range []string{"length=unknown", "length=", "length=known&length=known", "length=known&speed=1"} {
			if got := r.speakTo("/v1/speech?"+query, `{"text":"hi"}`, nil); got.status != 400 || got.code() != "invalid_request" {
				t.Errorf("%s: got %d %s", query, got.status, got.body)
			}
		}
		lines := http.Header{"Accept": {"application/x-ndjson"}}
		if got := r.speakTo("/v1/speech?length=known", `{"text":"hi"}`, lines); got.status != 400 || got.code() != "invalid_request" {
			t.Errorf("in lines: got %d %s", got.status, got.body)
		}
	})
}

// A takeover's clock runs on while the whole is waited for, and the WAV header stays the first.
func TestSpeechOfKnownLengthIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": failing(), "beta": relaytest.NewFake()})
		got := r.speakTo("/v1/speech?length=known", `{"text":"`+relaytest.TwelveWords+`"}`, nil)
		if format, samples, err := audio.ReadWAV(bytes.NewReader(got.body)); err != nil || format.Rate != relaytest.FakeRate || len(samples) != len(got.body)-44 {
			t.Errorf("%d bytes, of which %d are samples, %v", len(got.body), len(samples), err)
		}
	})
}
