package soniox

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzSoniox(f *testing.F) {
	f.Add(uint64(1), []byte(configOf("a", "")+"\n"+textOf("a", "Hi. There", true)))
	f.Add(uint64(2), []byte(configOf("a", `,"return_timestamps":true`)+"\n"+textOf("a", "Hi 21,. There", false)+"\n"+cancelOf("a")+"\n"+cancelOf("b")))
	f.Add(uint64(3), []byte(configOf("a", "")+"\n"+configOf("a", "")+"\n"+textOf("a", "", false)))
	f.Add(uint64(4), []byte("null\n\n{\"stream_id\":7}\n\xff\xfe\n[1]"))
	f.Add(uint64(5), []byte(configOf("a", `,"speed":1e308,"sample_rate":-1`)+"\n"+`{"keep_alive":true}`+"\n"+`{"stream_id":"b"}`))
	f.Fuzz(func(t *testing.T, seed uint64, messages []byte) { enginetest.Flood(t, Vendor, path, seed, messages) })
}
