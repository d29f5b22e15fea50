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
		"no such format":   {`{"text":"hi","output":{"encoding":"aac"}}`, nil, 400, "unsupported_format"},
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
		conn, err := r.pipe.Dial()
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
		if took := time.Since(began); res.StatusCode != 400 || took != textPatience {
			t.Errorf("answered %d after %v, want 400 after %v", res.StatusCode, took, textPatience)
		}
	})
}
