package openai_test

import (
	"testing"

	"voicerelay/tests/clients/rig"
)

func TestPipecatSpeaks(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := pipecat.play(t, r, "speak", text)
	told.Quiet(t)
	told.Only(t).Says(t, rate, text)
	r.Records(t, 2) // one for each sentence
}

func TestAVendorBreaksInAWordAndPipecatDoesNotNotice(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	r.BreakIn(t, "first", first, 4)
	told := pipecat.play(t, r, "speak", text)
	r.Takeover(told, "", rate, text, false).Unnoticed(t)
}

func TestPipecatInterrupts(t *testing.T) {
	r := rig.Start(t, rig.Options{Pace: 1})
	told := pipecat.play(t, r, "interrupt", text, second)
	told.Quiet(t)
	told.Turn("t1").Begins(t, rate, text)
	told.Whole(t, "t2").Says(t, rate, second)
	if generated := r.Stopped(t, "first"); generated[0] > r.Length(t, "first", first)/2 {
		t.Errorf("the vendor generated %v", generated)
	}
}
