package cartesia_test

import (
	"testing"

	"voicerelay/tests/clients/rig"
)

var (
	plugins = []program{livekitPython, livekitNode}
	agents  = []program{livekitPython, livekitNode, pipecat}
)

func TestAgentsSpeakWithTimedWords(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "speak", text)
		told.Quiet(t)
		turn := told.Only(t)
		turn.Says(t, rate, text)
		turn.Timed(t, rate, text)
		if got := r.Records(t, 1)[0]; got.Outcome != "completed" || got.Metadata["dialect"] != "cartesia" {
			t.Errorf("recorded %+v", got)
		}
	})
}

func TestAgentsSpeakAtTheRootWithDefaults(t *testing.T) {
	each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "root", text)
		told.Quiet(t)
		told.Only(t).Says(t, rate, text)
	})
}

// The headline: a vendor is lost in the middle of a word, and an agent notices nothing.
func TestAVendorBreaksInAWordAndAgentsDoNotNotice(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		r.BreakIn(t, "first", text, 7)
		told := p.play(t, r, "speak", text)
		r.Takeover(told, "", rate, text, true).Unnoticed(t)
		if got := r.Records(t, 1)[0]; len(got.Attempts) != 2 || got.Attempts[1].Provider != "second" {
			t.Errorf("recorded %+v", got.Attempts)
		}
	})
}

// A sentence is spoken while the next one has not come yet.
func TestAgentsHearASentenceBeforeTheNext(t *testing.T) {
	each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "slowly", first, second)
		told.Quiet(t)
		turn := told.Only(t)
		turn.Says(t, rate, text)
		turn.Timed(t, rate, text)
		at := told.Notes()[0].(map[string]any)["second"].(float64)
		if turn.First == 0 || turn.First > at-2 {
			t.Errorf("the first audio came at %v, and the second sentence at %v", turn.First, at)
		}
	})
}

func TestAgentsHaveTwoTurnsOnOneConnection(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "twice", first, second)
		told.Quiet(t)
		told.Whole(t, "t1").Timed(t, rate, first)
		told.Whole(t, "t2").Timed(t, rate, second)
		got := r.Records(t, 2)
		if got[0].SessionID != got[1].SessionID {
			t.Error("the second turn has a connection of its own")
		}
	})
}

// A pause is longer than the relay waits for a sign of life from a client that reads: a plugin does not read between turns.
func TestAgentsPauseBetweenTurns(t *testing.T) {
	t.Parallel()
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "twice", first, second, "45")
		told.Quiet(t)
		told.Whole(t, "t2").Timed(t, rate, second)
		got := r.Records(t, 2)
		if got[0].SessionID != got[1].SessionID {
			t.Error("the second turn has a connection of its own")
		}
	})
}

func TestAgentsInterrupt(t *testing.T) {
	long := text + " " + text + " " + text
	each(t, rig.Options{Pace: 1}, agents, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "interrupt", long, second)
		told.Quiet(t)
		told.Turn("t1").Begins(t, rate, long)
		told.Whole(t, "t2").Says(t, rate, second)
		generated, whole := r.Stopped(t, "first"), r.Length(t, "first", long)
		if len(generated) != 2 || generated[0] > whole/2 {
			t.Errorf("the vendor generated %v, of them first of %v", generated, whole)
		}
		if got := r.Records(t, 2); got[0].Outcome != "cancelled" || got[1].Outcome != "completed" {
			t.Errorf("recorded %+v", got)
		}
	})
}
