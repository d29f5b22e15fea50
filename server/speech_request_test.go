package server

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"

	"pgregory.net/rapid"

	"github.com/voicerelay/voicerelay/client/protocol"
)

func TestRequestsForSpeechAreReadStrictly(t *testing.T) {
	tests := map[string]struct {
		body   string
		header http.Header
		status int
		code   string
	}{
		"no content type": {`{"text":"hi"}`, http.Header{"Content-Type": {""}}, 400, "invalid_request"},
		"a form":          {`{"text":"hi"}`, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 400, "invalid_request"},
		"a charset":       {`{"text":"hi"}`, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, 200, ""},
		"no JSON":         {`hi`, nil, 400, "invalid_request"},
		"a type":          {`{"type":"generate","text":"hi"}`, nil, 400, "invalid_request"},
		"too large":       {`{"text":"` + strings.Repeat("x", 300_000) + `"}`, nil, 413, "text_too_long"},
		"too long":        {`{"text":"` + strings.Repeat("x", 10_001) + `"}`, nil, 413, "text_too_long"},
		"two keys":        {`{"text":"hi"}`, http.Header{"Idempotency-Key": {"a", "b"}}, 400, "invalid_request"},
		"an empty key":    {`{"text":"hi"}`, http.Header{"Idempotency-Key": {""}}, 400, "invalid_request"},
		"a key that contradicts": {
			`{"text":"hi","idempotency_key":"b"}`, http.Header{"Idempotency-Key": {"a"}}, 400, "invalid_request",
		},
		"a key said twice": {`{"text":"hi","idempotency_key":"a"}`, http.Header{"Idempotency-Key": {"a"}}, 200, ""},
		"no such voice":    {`{"text":"hi","voice":"nobody"}`, nil, 404, "unknown_voice"},
		"no such format":   {`{"text":"hi","output":{"encoding":"mp3"}}`, nil, 400, "unsupported_format"},
		"nothing to speak": {`{"text":" … "}`, nil, 200, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				got := r.speak(tt.body, tt.header)
				time.Sleep(time.Second) // the server lingers over a body that it has not read
				if got.status != tt.status {
					t.Fatalf("got %d %s, want %d", got.status, got.body, tt.status)
				}
				if tt.code != "" && got.code() != tt.code {
					t.Errorf("got %s, want %s", got.code(), tt.code)
				}
			})
		})
	}
}

// What was refused is named, also where only the relay's names and limits speak against it.
func TestARefusalNamesItsGeneration(t *testing.T) {
	for name, body := range map[string]string{
		"a field":  `{"generation_id":"g1","text":"hi","speed":9}`,
		"a voice":  `{"generation_id":"g1","text":"hi","voice":"nobody"}`,
		"its text": `{"generation_id":"g1","text":"` + strings.Repeat("x", 10_001) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				var answer struct {
					Error struct {
						GenerationID string `json:"generation_id"`
					}
				}
				if got := r.speak(body, nil); json.Unmarshal(got.body, &answer) != nil || answer.Error.GenerationID != "g1" {
					t.Errorf("got %s, want an error of g1", got.body)
				}
			})
		})
	}
}

func TestABodyThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		conn, err := r.pipe.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }() // the relay has closed it
		const head = "POST /v1/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
		if _, err := io.WriteString(conn, head+`{"text":`); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); res.StatusCode != 400 || took != bodyPatience {
			t.Errorf("answered %d after %v, want 400 after %v", res.StatusCode, took, bodyPatience)
		}
	})
}

func TestWhoWantsLines(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                                  false,
		"*/*":                               false,
		"audio/wav":                         false,
		"application/json":                  false,
		"application/x-ndjson":              true,
		"Application/X-NDJSON":              true,
		"audio/wav, application/x-ndjson":   true,
		"application/x-ndjson;q=0, */*":     false,
		"application/x-ndjson; q=0.5, */*":  true,
		"application/x-ndjson;profile=some": true,
	} {
		if got := wantsLines([]string{accept}); got != want {
			t.Errorf("Accept: %s wants lines: %v, want %v", accept, got, want)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	for output, want := range map[protocol.Output]string{
		{Encoding: "wav", SampleRate: 24000}:       "audio/wav",
		{Encoding: "pcm_s16le", SampleRate: 8000}:  "audio/pcm;rate=8000;encoding=pcm_s16le",
		{Encoding: "pcm_f32le", SampleRate: 48000}: "audio/pcm;rate=48000;encoding=pcm_f32le",
		{Encoding: "mulaw", SampleRate: 8000}:      "audio/PCMU",
		{Encoding: "alaw", SampleRate: 8000}:       "audio/PCMA",
	} {
		if got := mediaType(output); got != want {
			t.Errorf("%v is %q, want %q", output, got, want)
		}
	}
}

// Whatever a vendor says, the trailer is a header's value that clients take, and the JSON of what was used.
func TestTrailersFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := protocol.Usage{Characters: rapid.IntRange(0, 1<<40).Draw(t, "characters")}
		for range rapid.IntRange(0, 40).Draw(t, "attempts") {
			u.Attempts = append(u.Attempts, protocol.Attempt{Provider: "p", Message: rapid.String().Draw(t, "message")})
		}
		value := trailerOf(u)
		if len(value) > maxTrailer {
			t.Fatalf("%d bytes, want at most %d", len(value), maxTrailer)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' && r != 0x7f }) {
			t.Fatalf("%q is not printable ASCII", value)
		}
		var back protocol.Usage
		if err := json.Unmarshal([]byte(value), &back); err != nil || back.Characters != u.Characters {
			t.Fatalf("%s is read as %+v: %v", value, back, err)
		}
		plain, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) < maxTrailer/6 && len(back.Attempts) != len(u.Attempts) {
			t.Fatalf("%d attempts of %d are left, though all would fit", len(back.Attempts), len(u.Attempts))
		}
		for i, kept := range back.Attempts {
			sent := u.Attempts[len(u.Attempts)-len(back.Attempts)+i].Message
			if kept.Message != "" && kept.Message != sent {
				t.Fatalf("message %q became %q", sent, kept.Message)
			}
		}
	})
}
