package uplift

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// FuzzUplift sends arbitrary frames, one a line, on both transports. Nothing panics, and nothing outlives the close.
func FuzzUplift(f *testing.F) {
	f.Add(uint64(1), false, `{"type":"synthesize","requestId":"r","text":"One.","voiceId":"v_meklc281"}`+"\n"+`{"type":"cancel","requestId":"r"}`)
	f.Add(uint64(2), true, joinPacket+"\n"+synthesizePacket("r", "One.")+"\n3\n41"+socketNamespace+",")
	f.Add(uint64(3), true, joinPacket+"\n"+eventPrefix+`7["cancel",{"requestId":"r"}]`+"\n"+eventPrefix+`["what"]`+"\n40\n42[\"x\"]\n1")
	f.Add(uint64(4), false, "{\n[]\nnull\n"+`{"type":1}`)
	f.Fuzz(func(t *testing.T, seed uint64, socketIO bool, frames string) {
		server := engine.New(Vendor, engine.Options{Seed: seed})
		base, err := server.Start("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		path := "/v1" + socketNamespace
		if socketIO {
			path = "/socket.io/?EIO=4&transport=websocket"
		}
		conn, _, err := websocket.Dial(ctx, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for frame := range strings.SplitSeq(frames, "\n") {
			if conn.Write(ctx, websocket.MessageText, []byte(frame)) != nil {
				break // shown out
			}
		}
		_ = conn.CloseNow()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if s := server.Stats(); s.OpenSockets != 0 || s.OpenContexts != 0 {
			t.Errorf("left open: %+v", s)
		}
	})
}
