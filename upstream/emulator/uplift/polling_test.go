package uplift

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// answer is what an HTTP request was answered.
type answer struct {
	status int
	body   string
}

func (a answer) packets() []string { return strings.Split(a.body, engineSeparator) }

func askPolling(ctx context.Context, method, base, query, body string) (answer, error) {
	address := "http" + strings.TrimPrefix(base, "ws") + "/socket.io/?" + query
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	transport := &http.Transport{DisableKeepAlives: true} // so that no goroutine outlives the answer
	response, err := transport.RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }() // it has been read
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(data)}, err
}

func askPollingNow(t *testing.T, method, base, query, body string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a, err := askPolling(ctx, method, base, query, body)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func getPolling(t *testing.T, base, sid string) answer {
	t.Helper()
	return askPollingNow(t, http.MethodGet, base, "EIO=4&transport=polling&sid="+sid, "")
}

func postPolling(t *testing.T, base, sid string, packets ...string) answer {
	t.Helper()
	return askPollingNow(t, http.MethodPost, base, "EIO=4&transport=polling&sid="+sid, strings.Join(packets, engineSeparator))
}

// openPolling opens a connection by long polling and returns its id.
func openPolling(t *testing.T, base string) (sid string) {
	t.Helper()
	var hello struct {
		Sid      string   `json:"sid"`
		Upgrades []string `json:"upgrades"`
		Payload  int      `json:"maxPayload"`
	}
	body := getPolling(t, base, "").body
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, engineOpen)), &hello); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if !slices.Equal(hello.Upgrades, []string{"websocket"}) || hello.Payload != enginePayload {
		t.Errorf("got %s", body)
	}
	return hello.Sid
}

const (
	joinPacket  = "40" + socketNamespace + `,{"token":"k"}`
	eventPrefix = "42" + socketNamespace + ","
)

func synthesizePacket(id, text string) string {
	return fmt.Sprintf(eventPrefix+`["synthesize",{"requestId":%q,"text":%q,"voiceId":%q}]`, id, text, defaultVoice)
}

func TestUpliftSpeaksOverPolling(t *testing.T) {
	server, base := start(t, engine.Options{})
	sid := openPolling(t, base)
	if got := postPolling(t, base, sid, joinPacket, synthesizePacket("r", "One two.")); got.status != http.StatusOK || got.body != "ok" {
		t.Fatalf("got %+v", got)
	}
	var kinds []string
	for !slices.Contains(kinds, "audio_end") {
		for _, packet := range getPolling(t, base, sid).packets() {
			got, err := enginetest.Fields([]byte(packet))
			if err != nil {
				t.Fatalf("%s: %v", packet, err)
			}
			kind, _ := got["type"].(string)
			kinds = append(kinds, kind)
		}
	}
	if got, want := slices.Compact(kinds), []string{"", "ready", "audio_start", "audio", "audio_end"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	postPolling(t, base, sid, engineClose)
	if !server.WaitFor(func(s engine.Stats) bool { return s.OpenSockets == 0 }, 10*time.Second) {
		t.Error("the connection outlived its close")
	}
	if got := getPolling(t, base, sid); got.status != http.StatusBadRequest || !strings.Contains(got.body, "Session ID unknown") {
		t.Errorf("after the close: got %+v", got)
	}
}

// A client may begin by polling and go on over a WebSocket, even while a poll of its is waiting.
func TestUpliftUpgrade(t *testing.T) {
	server, base := start(t, engine.Options{})
	sid := openPolling(t, base)
	postPolling(t, base, sid, joinPacket)
	getPolling(t, base, sid) // let in, and ready
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	polled := make(chan string, 1)
	go func() { // ends with its answer, which is waited for
		a, err := askPolling(ctx, http.MethodGet, base, "EIO=4&transport=polling&sid="+sid, "")
		polled <- fmt.Sprint(a.body, err)
	}()
	conn, _, err := websocket.Dial(ctx, base+"/socket.io/?EIO=4&transport=websocket&sid="+sid, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	c := client{enginetest.Attach(t, server, conn), true}
	c.Send(enginePing + engineProbe)
	if r := c.Next(); string(r.Data) != enginePong+engineProbe {
		t.Fatalf("got %q, %v", r.Data, r.Err)
	}
	if got := <-polled; got != engineNoop+"<nil>" {
		t.Errorf("the poll was answered %q, want nothing to do", got)
	}
	c.Send(engineUpgrade)
	c.speak("r", "One.", "")
	if got := c.hear("r").last["type"]; got != "audio_end" {
		t.Errorf("got %v, want audio_end", got)
	}
	if got := getPolling(t, base, sid); got.status != http.StatusBadRequest {
		t.Errorf("a poll beside the WebSocket: got %+v", got)
	}
}

func TestUpliftRefusesWhatIsNoPolling(t *testing.T) {
	server, base := start(t, engine.Options{})
	sid := openPolling(t, base)
	tests := map[string]struct {
		method, query, body string
		code                int
	}{
		"old protocol":      {http.MethodGet, "EIO=3&transport=polling", "", 5},
		"unknown transport": {http.MethodGet, "EIO=4&transport=pigeon", "", 0},
		"POST to open":      {http.MethodPost, "EIO=4&transport=polling", "40", 2},
		"unknown session":   {http.MethodGet, "EIO=4&transport=polling&sid=nobody", "", 1},
		"other method":      {http.MethodPut, "EIO=4&transport=polling&sid=" + sid, "", 3},
	}
	for name, tt := range tests {
		got := askPollingNow(t, tt.method, base, tt.query, tt.body)
		var refusal struct{ Code int }
		if err := json.Unmarshal([]byte(got.body), &refusal); err != nil || got.status != http.StatusBadRequest || refusal.Code != tt.code {
			t.Errorf("%s: got %+v, want code %d", name, got, tt.code)
		}
	}
	if got := postPolling(t, base, sid, strings.Repeat("4", enginePayload+1)); got.status != http.StatusBadRequest {
		t.Errorf("a POST beyond the limit: got %+v", got)
	}
	if !server.WaitFor(func(s engine.Stats) bool { return s.OpenSockets == 0 }, 10*time.Second) {
		t.Error("the connection outlived it")
	}
}

// A POST whose answers have no room waits, and a poll must make that room.
func TestUpliftPollDrainsWhatAPostFills(t *testing.T) {
	o := drawn(t, engine.Options{}, "ignoresUnknown:false")
	_, base := start(t, o)
	sid := openPolling(t, base)
	const questions = 4 * engineQueue
	packets := []string{joinPacket}
	for range questions {
		packets = append(packets, eventPrefix+`["what",{}]`)
	}
	posted := make(chan string, 1)
	go func() { // ends with its answer, which is waited for
		a, err := askPolling(t.Context(), http.MethodPost, base, "EIO=4&transport=polling&sid="+sid, strings.Join(packets, engineSeparator))
		posted <- fmt.Sprint(a.body, err)
	}()
	for errors := 0; errors < questions; {
		got := getPolling(t, base, sid)
		if got.status != http.StatusOK {
			t.Fatalf("got %+v", got)
		}
		errors += strings.Count(got.body, `"type":"error"`)
	}
	if got := <-posted; got != "ok<nil>" {
		t.Errorf("got %s", got)
	}
}
