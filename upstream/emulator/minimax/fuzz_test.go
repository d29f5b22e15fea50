package minimax

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzMiniMax(f *testing.F) {
	f.Add(uint64(1), true, []byte(begin+"\n"+say("Hi. There")+"\n"+`{"event":"task_flush"}`+"\n"+`{"event":"task_finish"}`+"\n"+say("late")))
	f.Add(uint64(2), true, []byte(begin+"\n"+say("Hi, there<#0.5#>you. And")+"\n"+`{"event":"task_cancel"}`+"\n"+say("more.")+"\n"+`{"event":"task_flush"}`))
	f.Add(uint64(3), false, []byte(begin+"\n"+say("Hi")+"\n"+`{"event":"task_flush"}`+"\n"+begin))
	f.Add(uint64(4), true, []byte("null\n\n{\"event\":7}\n\xff\xfe\n"+say("x")))
	f.Fuzz(func(t *testing.T, seed uint64, bidi bool, messages []byte) {
		address := olderWay
		if bidi {
			address = path
		}
		enginetest.Flood(t, Vendor, address, seed, messages)
	})
}
