package enginetest

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Flood sends whatever messages, one a line, to an emulator of any seed: it must answer or not, and end.
// It is for fuzzing: nothing that a client sends may keep a goroutine, a socket or a context. The short inactivity ends what
// waits for a client.
func Flood(t *testing.T, vendor engine.Vendor, path string, seed uint64, messages []byte) {
	t.Helper()
	FloodCoded(t, vendor, nil, path, seed, messages)
}

// FloodCoded is Flood for a vendor whose messages are no JSON.
func FloodCoded(t *testing.T, vendor engine.Vendor, codec *Codec, path string, seed uint64, messages []byte) {
	t.Helper()
	const most = 1 << 12 // bytes: what is spoken takes its time
	if len(messages) > most {
		return
	}
	server := engine.New(vendor, engine.Options{Seed: seed, Inactivity: 50 * time.Millisecond})
	front := httptest.NewServer(server)
	defer front.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(front.URL, "http", "ws", 1)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 22)
	for message := range bytes.Lines(messages) {
		if codec.write(ctx, conn, string(bytes.TrimSpace(message))) != nil {
			break // it has closed
		}
	}
	_ = conn.Close(websocket.StatusNormalClosure, "") // likewise
	gone := func(st engine.Stats) bool { return st.OpenSockets == 0 && st.OpenContexts == 0 }
	if !server.WaitFor(gone, 10*time.Second) {
		t.Errorf("it does not end: %+v (%s)", server.Stats(), server.Quirks())
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}
