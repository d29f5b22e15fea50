package uplift

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

// FuzzUplift sends arbitrary frames, one a line, on both transports. Nothing panics, and nothing outlives the close.
func FuzzUplift(f *testing.F) {
	f.Add(uint64(1), false, `{"type":"synthesize","requestId":"r","text":"One.","voiceId":"v_meklc281"}`+"\n"+`{"type":"cancel","requestId":"r"}`)
	f.Add(uint64(2), true, joinPacket+"\n"+synthesizePacket("r", "One.")+"\n3\n41"+socketNamespace+",")
	f.Add(uint64(3), true, joinPacket+"\n"+eventPrefix+`7["cancel",{"requestId":"r"}]`+"\n"+eventPrefix+`["what"]`+"\n40\n42[\"x\"]\n1")
	f.Add(uint64(4), false, "{\n[]\nnull\n"+`{"type":1}`)
	f.Fuzz(func(t *testing.T, seed uint64, socketIO bool, frames string) {
		path := "/v1" + socketNamespace
		if socketIO {
			path = "/socket.io/?EIO=4&transport=websocket"
		}
		enginetest.Flood(t, Vendor, path, seed, []byte(frames))
	})
}
