package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/billing/ship"
)

// speaks reports what a terminal would do something at, but for the ends of lines.
func speaks(told string) bool { return strings.ContainsAny(told, "\x1b\r\x07\u009b") }

func TestTablesAreOnlyText(t *testing.T) {
	var out bytes.Buffer
	if err := printTable(&out, [][]string{{"voice", "attempts"}, {"a\x1b[2J\nb", "1"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "voice        attempts\na\\x1b[2J\\nb  1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	line := heartbeatLine(ship.Heartbeat{Relay: "r\x1b[1m\nr2", At: time.Unix(0, 0).UTC()})
	if speaks(line) || strings.Contains(line, "\n") {
		t.Errorf("a relay is listed as %q", line)
	}
}

// What a relay says reaches a terminal as text, whether it speaks, refuses or fails.
func TestSayPrintsOnlyText(t *testing.T) {
	for name, answers := range map[string][]string{
		"speech": {
			`{"type":"accepted","generation_id":"ID","record_id":"r"}`,
			`{"type":"started","generation_id":"ID","provider":"p\u001b[2J\n","model":"m\r","voice":"v","provider_voice":"v","output":{"encoding":"pcm_s16le","sample_rate":24000},"ignored":[]}`,
			`{"type":"done","generation_id":"ID","record_id":"r","reason":"completed\u001b[2J","spoken":{"char":1,"source":"segment"},"usage":{"characters":1,"audio_ms":0,"recorded":true,"cost":[{"amount":"1\u001b","currency":"E\u0007R","source":"provider"}],"attempts":[]},"timing":{"total_ms":1}}`,
		},
		"refusal": {`{"type":"error","command":"generate","generation_id":"ID","code":"unknown_voice","status":404,"message":"unknown\u001b[2J voice","retryable":false}`},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { play(w, r, answers) }))
			defer server.Close()
			var out, told bytes.Buffer
			say(context.Background(), []string{"-url", server.URL, "x"}, stdio{out: &out, err: &told, in: strings.NewReader("")})
			if speaks(told.String()) || !strings.Contains(told.String(), `\x1b[2J`) {
				t.Errorf("told %q", told.String())
			}
		})
	}
}

// play is a relay that answers the first generate, and waits for the client to leave.
func play(w http.ResponseWriter, r *http.Request, answers []string) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"voice-relay.v1"}})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := r.Context()
	_ = conn.Write(ctx, websocket.MessageText, []byte(`{"type":"ready","session_id":"s","protocol":"voice-relay.v1","limits":{},"formats":[]}`))
	_, asked, err := conn.Read(ctx)
	if err != nil {
		return
	}
	_, rest, _ := strings.Cut(string(asked), `"generation_id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	for _, answer := range answers {
		_ = conn.Write(ctx, websocket.MessageText, []byte(strings.ReplaceAll(answer, `"ID"`, `"`+id+`"`)))
	}
	_, _, _ = conn.Read(ctx)
}

func TestSayWarnsOfAKeyThatOthersCanRead(t *testing.T) {
	t.Setenv("RELAY_API_KEY", "sk-of-a-test")
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing is dialled
	var told bytes.Buffer
	say(ctx, []string{"-url", "http://relay.invalid:8080", "x"}, stdio{out: &bytes.Buffer{}, err: &told, in: strings.NewReader("")})
	if !strings.Contains(told.String(), "unencrypted") || strings.Contains(told.String(), "sk-of-a-test") {
		t.Errorf("told %q", told.String())
	}
}
