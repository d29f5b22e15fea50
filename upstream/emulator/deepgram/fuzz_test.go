package deepgram

import (
	"strings"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzDeepgram(f *testing.F) {
	f.Add(uint64(1), []byte(`{"type":"Speak","text":"Hi. There"}`+"\n"+`{"type":"Flush"}`+"\n"+`{"type":"Close"}`))
	f.Add(uint64(2), []byte(`{"type":"Speak","text":"Hi."}`+"\n"+`{"type":"Flush"}`+"\n"+`{"type":"Clear"}`+"\n"+`{"type":"Speak","text":"Hi."}`))
	f.Add(uint64(3), []byte(strings.Repeat(`{"type":"Flush"}`+"\n", 22)+`{"type":"Clear"}`+"\n"+`{"type":"Clear"}`))
	f.Add(uint64(4), []byte("null\n\n{\"type\":7}\n\xff\xfe"))
	f.Add(uint64(5), []byte(`{"type":"Speak","text":" "}`+"\n"+`{"type":"Close"}`+"\n"+`{"type":"Speak","text":"late"}`+"\n"+`{"type":"Speak"}`))
	f.Fuzz(func(t *testing.T, seed uint64, messages []byte) {
		enginetest.Flood(t, Vendor, "/v1/speak?model=aura-2-thalia-en&sample_rate=8000", seed, messages)
	})
}

func FuzzFlux(f *testing.F) {
	f.Add(uint64(1), []byte(`{"type":"Speak","text":"Hi. There"}`+"\n"+`{"type":"Flush"}`+"\n"+`{"type":"Close"}`))
	f.Add(uint64(2), []byte(`{"type":"Speak","text":"Hi."}`+"\n"+`{"type":"Flush"}`+"\n"+`{"type":"Interrupt"}`+"\n"+`{"type":"Interrupt"}`+"\n"+`{"type":"Speak","text":"Hi."}`))
	f.Add(uint64(3), []byte(`{"type":"Interrupt","playback_offset":{"type":"time_ms","value":1e308}}`+"\n"+`{"type":"Configure","speed":0.7}`+"\n"+`{"type":"Configure"}`))
	f.Add(uint64(4), []byte("null\n\n{\"type\":7}\n\xff\xfe"))
	f.Add(uint64(5), []byte(`{"type":"Flush"}`+"\n"+`{"type":"Speak","text":"世界."}`+"\n"+`{"type":"Speak","text":" one"}`+"\n"+
		`{"type":"Interrupt","playback_offset":{"type":"time_ms","value":10}}`+"\n"+`{"type":"Close"}`+"\n"+`{"type":"Speak"}`))
	f.Fuzz(func(t *testing.T, seed uint64, messages []byte) {
		enginetest.Flood(t, Vendor, "/v2/speak?model=flux-alexis-en&sample_rate=8000", seed, messages)
	})
}
