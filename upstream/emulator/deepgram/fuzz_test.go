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
