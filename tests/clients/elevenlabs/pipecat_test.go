package elevenlabs_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"voicerelay/tests/clients/rig"
	"voicerelay/upstream/emulator"
)

// pipecat runs a story of Pipecat's.
func pipecat(t *testing.T, r *rig.Rig, args ...string) *rig.Told {
	t.Helper()
	return r.Python(t, "agent_pipecat.py", args...)
}

// heardFrom wants Pipecat's turn to be a text, each word once and at its time. It counts a word at the space behind it.
func heardFrom(t *testing.T, turn *rig.Turn, text string) {
	t.Helper()
	turn.Says(t, rate, text)
	turn.Timed(t, rate, text)
	transcribed(t, turn, text)
}

// transcribed wants Pipecat's words to be a text.
func transcribed(t *testing.T, turn *rig.Turn, text string) {
	t.Helper()
	var all []string
	for _, word := range turn.Words {
		all = append(all, strings.TrimSpace(word.Text))
	}
	if got := strings.Join(all, " "); got != text {
		t.Errorf("the transcript is %q, want %q", got, text)
	}
}

func TestPipecatSpeaks(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	stories := [][]string{{"speak", text}, {"speak", text, "root"}, {"tokens", text}, {"http", text}}
	for _, story := range stories {
		told := pipecat(t, r, story...)
		told.Quiet(t)
		heardFrom(t, told.Only(t), text)
		if notes := told.Notes(); story[0] == "speak" {
			r.Soon(t, notes[0], 2*time.Second)
		}
	}
}

func TestPipecatsRates(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	for _, rate := range []string{"8000", "32000"} {
		told := pipecat(t, r, "rates", another, rate)
		told.Quiet(t)
		told.Only(t).Says(t, map[string]int{"8000": 8000, "32000": 32000}[rate], another)
	}
}

func TestPipecatsTurnsShareASocket(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := pipecat(t, r, "twice", text, another)
	told.Quiet(t)
	heardFrom(t, told.Whole(t, "t1"), text)
	heardFrom(t, told.Whole(t, "t2"), another)
	if records := r.Records(t, 2); records[0].SessionID != records[1].SessionID {
		t.Errorf("recorded %+v, want one connection", records)
	}
}

// Pipecat closes its context when it is interrupted, for the second time where its text was over.
func TestPipecatIsInterrupted(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat(text+" ", 4))
	for _, when := range []string{"on", "over"} {
		r := rig.Start(t, rig.Options{Pace: 4})
		told := pipecat(t, r, "interrupt", long, another, when)
		told.Quiet(t)
		told.Turn("t1").Begins(t, rate, long)
		heardFrom(t, told.Whole(t, "t2"), another)
		if late := told.Turn("late"); len(late.Audio) > rate*2/5 {
			t.Errorf("%s: %d bytes came after the interruption", when, len(late.Audio))
		}
		if records := r.Records(t, 2); records[0].Outcome != "cancelled" || records[1].Outcome != "completed" {
			t.Errorf("%s: recorded %+v", when, records)
		}
		generated, whole := r.Stopped(t, "first"), r.Length(t, "first", long)
		if generated[0] > whole/2 {
			t.Errorf("%s: the vendor generated %v of %v", when, generated[0], whole)
		}
	}
}

func TestPipecatReportsAWrongKeyAndAnUnknownVoice(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	if failed := pipecat(t, r.As("sk-wrong-and-long-enough"), "connect", "narrator").Failed(t, ""); !strings.Contains(failed.Message, "401") {
		t.Errorf("a wrong key: %+v, want 401", failed)
	}
	if failed := pipecat(t, r, "connect", "nobody").Failed(t, ""); !strings.Contains(failed.Message, "404") {
		t.Errorf("an unknown voice: %+v, want 404", failed)
	}
}

// A vendor that breaks off in the middle of a word is not noticed: Pipecat's list has every word once.
func TestPipecatNoticesNoFailover(t *testing.T) {
	for _, story := range []string{"speak", "tokens", "http"} {
		r := rig.Start(t, rig.Options{})
		r.BreakIn(t, "first", text, 7)
		told := pipecat(t, r, story, text)
		r.Takeover(told, "", rate, text, true).Unnoticed(t)
		transcribed(t, told.Only(t), text)
	}
}

// Pipecat looks at no error message: the final frame alone ends its turn. The next one is spoken.
func TestPipecatGoesOnWhereNoVendorSpeaks(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	for _, vendor := range []string{"first", "second"} {
		r.Vendors[vendor].SetFault(emulator.Fault{Kind: emulator.Drop})
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		r.Vendors["second"].WaitFor(func(s emulator.Stats) bool { return len(s.Streams) > 0 && s.Streams[0].Over }, time.Minute)
		for _, vendor := range []string{"first", "second"} {
			r.Vendors[vendor].SetFault(emulator.Fault{})
		}
	})
	told := pipecat(t, r, "hopeless", text, another)
	if failed := told.Failed(t, "t1"); !strings.Contains(failed.Message, "completed with no audio") {
		t.Errorf("failed with %+v", failed)
	}
	r.Soon(t, told.Notes()[0], time.Second)
	heardFrom(t, told.Whole(t, "t2"), another)
}

// A turn too many is over at once, and the next one is spoken.
func TestPipecatsTurnTooMany(t *testing.T) {
	r := rig.Start(t, rig.Options{Limits: map[string]any{"generations_per_minute": 1}})
	told := pipecat(t, r, "twice", another, text)
	heardFrom(t, told.Whole(t, "t1"), another)
	if failed := told.Failed(t, "t2"); !strings.Contains(failed.Message, "completed with no audio") {
		t.Errorf("failed with %+v", failed)
	}
}

// Two minutes of silence are nothing to a socket that Pipecat keeps alive.
func TestPipecatSpeaksAfterSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes two minutes")
	}
	t.Parallel()
	told := pipecat(t, rig.Start(t, rig.Options{}), "twice", another, text, "80")
	told.Quiet(t)
	heardFrom(t, told.Whole(t, "t1"), another)
	heardFrom(t, told.Whole(t, "t2"), text)
}
