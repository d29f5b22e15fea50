package jambonz_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/clients/rig"
)

const (
	text    = "One two three four five six, seven eight nine ten. Eleven twelve one three five seven, nine eleven two four."
	another = "Nine seven five three one. Two four six eight ten twelve."
	rate    = 24000
)

func TestMain(m *testing.M) { rig.Main(m) }

func TestTurnsOfACall(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := r.Python(t, "replay.py", "turns", text, another)
	told.Whole(t, "t0").Says(t, rate, text)
	told.Whole(t, "t1").Says(t, rate, another)
	want := map[string]any{"type": "connect", "data": map[string]any{"sample_rate": 24000.0, "base64_encoding": false}}
	if notes := told.Notes(); len(notes) != 1 || !reflect.DeepEqual(notes[0], want) {
		t.Errorf("told %v, want %v", notes, want)
	}
	for _, record := range r.Records(t, 2) {
		if record.Outcome != "completed" || record.Metadata["dialect"] != "jambonz" {
			t.Errorf("recorded %+v", record)
		}
	}
}

func TestTokens(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	r.Python(t, "replay.py", "tokens", text).Whole(t, "t0").Says(t, rate, text)
}

// A stop is heard at once, and the connection goes on.
func TestInterruption(t *testing.T) {
	r := rig.Start(t, rig.Options{Pace: 2})
	long := strings.Repeat(text+" ", 3)
	told := r.Python(t, "replay.py", "interrupt", long, another)
	told.Turn("t0").Begins(t, rate, long)
	if late := time.Duration(len(told.Turn("late").Audio)) * time.Second / (2 * rate); late > time.Second {
		t.Errorf("%v of audio after the stop", late)
	}
	told.Whole(t, "t1").Says(t, rate, another)
	generated := r.Stopped(t, "first")
	if whole := r.Length(t, "first", long); generated[0] > whole/2 {
		t.Errorf("the vendor generated %v of %v", generated[0], whole)
	}
	if records := r.Records(t, 2); records[0].Outcome != "cancelled" || records[1].Outcome != "completed" {
		t.Errorf("recorded %+v", records)
	}
}

func TestAVendorBreaksInAWord(t *testing.T) {
	for _, word := range []int{1, 4} {
		r := rig.Start(t, rig.Options{})
		r.BreakIn(t, "first", text, word)
		told := r.Python(t, "replay.py", "turns", text)
		r.Takeover(told, "t0", rate, text, false).Unnoticed(t)
		if record := r.Records(t, 1)[0]; len(record.Attempts) < 2 {
			t.Errorf("word %d: recorded %+v", word, record)
		}
	}
}

func TestAllVendorsAreGone(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	r.KillAll(t)
	if failed := r.Python(t, "replay.py", "turns", text).Failed(t, "t0"); failed.Message == "" {
		t.Errorf("failed with %+v", failed)
	}
}

func TestWrongKeyIsRefused(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := r.As("sk-wrong").Python(t, "replay.py", "turns", text)
	if notes := told.Notes(); len(notes) != 1 || notes[0] != 401.0 {
		t.Errorf("told %v, want 401", notes)
	}
}
