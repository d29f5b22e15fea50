package inworld

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzInworld(f *testing.F) {
	f.Add(uint64(1), []byte(createOf("a", `,"timestampType":"WORD"`)+"\n"+textOf("a", "Hi. There")+"\n"+commandOf("a", "close_context")))
	f.Add(uint64(2), []byte(createOf("a", `,"autoMode":true,"autoModeStrategy":"SENTENCE_BOUNDARY"`)+"\n"+textOf("a", "Hi. There")+"\n"+commandOf("a", "cancel_context")))
	f.Add(uint64(3), []byte(createOf("", "")+"\n"+textOf("", "Hi 21.")+"\n"+`{"update_config":{"audioConfig":{"audioEncoding":"ALAW","sampleRateHertz":48000}}}`))
	f.Add(uint64(4), []byte("null\n\n{\"contextId\":7}\n\xff\xfe\n[1]\n{\"create\":null}"))
	f.Add(uint64(5), []byte(createOf("a", `,"bufferCharThreshold":1,"maxBufferDelayMs":-9223372036854775808`)+"\n"+createOf("a", `,"temperature":1e308`)))
	f.Fuzz(func(t *testing.T, seed uint64, messages []byte) { enginetest.Flood(t, Vendor, path, seed, messages) })
}
