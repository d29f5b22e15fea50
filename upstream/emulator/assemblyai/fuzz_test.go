package assemblyai

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzAssemblyAI(f *testing.F) {
	const terminate = `{"type":"Terminate"}`
	f.Add(uint64(1), []byte(textOf("Hi. There. You")+"\n"+flush+"\n"+terminate))
	f.Add(uint64(2), []byte(textOf("Hi 21. There")+"\n"+flush+"\n"+textOf("more")+"\n"+cancel+"\n"+flush))
	f.Add(uint64(3), []byte(cancel+"\n"+cancel+"\n"+flush+"\n"+`{"type":"KeepAlive"}`+"\n"+terminate+"\n"+terminate))
	f.Add(uint64(4), []byte("null\n\n{\"type\":7}\n\xff\xfe\n[1]"))
	f.Add(uint64(5), []byte(`{"type":"Generate"}`+"\n"+textOf("")))
	f.Fuzz(func(t *testing.T, seed uint64, messages []byte) {
		enginetest.Flood(t, Vendor, "/v1/ws?sample_rate=8000", seed, messages)
	})
}
