package server

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// A body that is announced and does not come holds no connection, whatever it was sent to. The answer comes all the same.
func TestABodyThatNobodyWantsIsNotWaitedFor(t *testing.T) {
	const upgrading = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
	tests := map[string]struct {
		request string
		most    time.Duration
		status  int
	}{
		"health":          {"GET /healthz HTTP/1.1\r\nContent-Length: 10\r\n", unwantedPatience, 200},
		"readiness":       {"GET /readyz HTTP/1.1\r\nContent-Length: 10\r\n", unwantedPatience, 200},
		"chunks":          {"GET /v1/voices HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", unwantedPatience, 200},
		"metrics":         {"GET /metrics HTTP/1.1\r\nContent-Length: 10\r\n", unwantedPatience, 200},
		"unknown path":    {"GET /v2 HTTP/1.1\r\nContent-Length: 10\r\n", unwantedPatience, 404},
		"other method":    {"PUT /v1/voices HTTP/1.1\r\nContent-Length: 10\r\n", unwantedPatience, 405},
		"a page's asking": {"OPTIONS /v1/speech HTTP/1.1\r\nContent-Length: 10\r\n", unwantedPatience, 405},
		"no upgrade":      {"GET /v1/speech HTTP/1.1\r\nContent-Length: 10\r\n", unwantedPatience, 400},
		"bad upgrade":     {"GET /v1/speech?audio=x HTTP/1.1\r\nContent-Length: 10\r\n" + upgrading, unwantedPatience, 400},
		"a form":          {"POST /v1/speech HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n", unwantedPatience, 400},
		"speech":          {"POST /v1/speech HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 10\r\n", textPatience, 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				conn, err := r.pipe.Dial()
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }() // the relay has closed it
				began := time.Now()
				if _, err := fmt.Fprintf(conn, "%sHost: localhost\r\n\r\n", tt.request); err != nil {
					t.Fatal(err)
				}
				in := bufio.NewReader(conn)
				answer, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if answer.StatusCode != tt.status {
					t.Errorf("answered %d, want %d", answer.StatusCode, tt.status)
				}
				if _, err := io.Copy(io.Discard, answer.Body); err != nil {
					t.Errorf("the answer: %v", err)
				}
				if _, err := in.ReadByte(); err == nil {
					t.Error("something follows the answer")
				}
				// The server lingers for half a second so that the answer is not lost to a reset.
				if took := time.Since(began); took > tt.most+time.Second {
					t.Errorf("held for %v, want at most %v", took, tt.most)
				}
			})
		})
	}
}

// The deadline of a body is no deadline for what comes after it: neither a connection that was upgraded nor an answer
// that takes its time is cut.
func TestABodyThatComesLeavesNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 300 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		if got := r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, nil); got.status != 200 || got.trailer.Get("Generation-Status") != "completed" {
			t.Errorf("a long answer: got %d, %q", got.status, got.trailer.Get("Generation-Status"))
		}
		c := r.dial("")
		c.next()
		time.Sleep(15 * time.Second)
		c.send(`{"type":"ping"}`)
		c.until("pong")
	})
}
