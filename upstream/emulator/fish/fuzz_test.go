package fish

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzFish(f *testing.F) {
	f.Add(uint64(1), true, []byte(begin+"\n"+say("Hi. There")+"\n"+flush+"\n"+say(" and [laughing] more")+"\n"+stop+"\n"+say("late")))
	f.Add(uint64(2), false, []byte(begin+"\n"+begin+"\n"+say("Hi")+"\n"+`{"event":"cancel"}`))
	f.Add(uint64(3), true, []byte(`{"event":"start","request":{"format":"opus","prosody":{"speed":1e300}}}`))
	f.Add(uint64(4), true, []byte("null\n\n{\"event\":7}\n\xff\xfe\n"+say("x")))
	f.Add(uint64(5), false, []byte(`{"event":"start","request":{"text":"Hi","chunk_length":100,"sample_rate":null}}`+"\n"+stop))
	f.Fuzz(func(t *testing.T, seed uint64, timed bool, messages []byte) {
		address := path
		if timed {
			address = timedPath
		}
		enginetest.FloodCoded(t, Vendor, codec(), address, seed, messages)
	})
}
