package rime

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzRime(f *testing.F) {
	f.Add(uint64(1), "/ws", []byte(`{"contextId":"a","start":{"text":"Hi. There"}}`+"\n"+`{"contextId":"a","cancel":{}}`+"\n"+`{"contextId":"a","cancel":{}}`))
	f.Add(uint64(2), "/ws", []byte(`{"start":{"splitStrategy":"SPLIT_STRATEGY_ACCUMULATE_SENTENCE","timestamps":{"enable":true}}}`+"\n"+`{"text":"Hi. The"}`+"\n"+`{"text":"re"}`+"\n"+`{"end":{}}`))
	f.Add(uint64(3), "/ws", []byte(`{"config":{"authorization":"x","defaults":{"audioParameters":{"timeScaleFactor":1e300}}}}`+"\n"+`{"text":"Hi"}`+"\n"+`{"start":{},"end":{}}`))
	f.Add(uint64(4), "/ws", []byte("null\n\n{\"start\":7}\n\xff\xfe"))
	f.Add(uint64(5), "/ws3?segment=immediate", []byte(`{"text":"Hi. There","contextId":"a"}`+"\n"+`{"operation":"clear"}`+"\n"+`{"operation":"eos"}`+"\n"+`{"text":"late"}`))
	f.Add(uint64(6), "/ws3", []byte(`{"text":"Hi. There"}`+"\n"+`{"operation":"flush"}`+"\n"+`{"operation":"clear"}`+"\n"+`{"operation":"x"}`))
	f.Fuzz(func(t *testing.T, seed uint64, path string, messages []byte) {
		if path != "/ws" {
			path = "/ws3?segment=bySentence"
		}
		enginetest.Flood(t, Vendor, path, seed, messages)
	})
}
