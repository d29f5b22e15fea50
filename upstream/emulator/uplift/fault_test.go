package uplift

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestUpliftFaults(t *testing.T) {
	const request = `{"type":"synthesize","text":"` + twelveWords + `","voiceId":"` + defaultVoice + `","requestId":`
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/v1" + socketNamespace, Quirks: []string{"oddChunks:false"},
		Speak: []string{request + `"r1"}`}, Again: []string{request + `"r2"}`},
		Rate: sampleRate, Audio: "audio", Stream: "requestId", Code: "synthesis_failed",
		Ended:  func(m map[string]any) bool { return m["type"] == "audio_end" },
		Failed: func(m map[string]any, code string) bool { return m["type"] == "error" && m["code"] == code },
	})
}

// onBoth runs a test on each transport.
func onBoth(t *testing.T, o engine.Options, test func(t *testing.T, c client)) {
	t.Helper()
	for _, transport := range transports() {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, talk(t, o, transport)) })
		})
	}
}

// A refusal with a close code lets the upgrade happen; over long polling, which has none, it is a status.
func TestUpliftRefusals(t *testing.T) {
	server, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Refuse, Code: 4001}})
	for _, path := range []string{"/v1" + socketNamespace, "/socket.io/?EIO=4&transport=websocket"} {
		conn, _, err := websocket.Dial(t.Context(), base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != 4001 {
			t.Errorf("%s: got %v, want 4001", path, err)
		}
		_ = conn.CloseNow()
	}
	if got := getPolling(t, base, "").status; got != http.StatusServiceUnavailable {
		t.Errorf("polling: got %d, want 503", got)
	}
	if got := server.Stats(); got.Refused != 3 || got.Sockets != 0 {
		t.Errorf("got %+v, want three refused", got)
	}
}
