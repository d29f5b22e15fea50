package rig_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/clients/rig"
)

const (
	text = "One two three four five six, seven eight nine ten. Eleven twelve one three five seven, nine eleven two four."
	rate = 24000
)

func TestMain(m *testing.M) { rig.Main(m) }

// languages are the two ways to run a program.
var languages = map[string]func(r *rig.Rig, t *testing.T, args ...string) *rig.Told{
	"python": func(r *rig.Rig, t *testing.T, args ...string) *rig.Told { return r.Python(t, "speak.py", args...) },
	"node":   func(r *rig.Rig, t *testing.T, args ...string) *rig.Told { return r.Node(t, "speak.mjs", args...) },
}

func TestPackagesLoadAndTheirLogsAreTold(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	for name, run := range languages {
		t.Run(name, func(t *testing.T) {
			told := run(r, t, "load")
			if notes := told.Notes(); !slices.Equal(notes, []any{"loaded"}) {
				t.Errorf("told %v", notes)
			}
			var logs []string
			for _, line := range told.Lines {
				if line.Log != nil {
					logs = append(logs, line.Log.Text)
				}
			}
			if len(logs) != 2 || !strings.Contains(logs[0], "told once") || !strings.Contains(logs[1], "told twice") {
				t.Errorf("logged %q, want two warnings", logs)
			}
		})
	}
}

func TestProgramsSpeak(t *testing.T) {
	for _, secured := range []bool{false, true} {
		r := rig.Start(t, rig.Options{TLS: secured})
		for name, run := range languages {
			told := run(r, t, "speak", text)
			told.Quiet(t)
			turn := told.Only(t)
			turn.Says(t, rate, text)
			turn.Timed(t, rate, text)
			if name == "node" {
				continue
			}
			run(r, t, "speak", text, "untimed").Only(t).Says(t, rate, text)
		}
		records := r.Records(t, 3)
		if got := records[0]; got.Outcome != "completed" || got.Key != "agent" || got.Attempts[0].Provider != "first" {
			t.Errorf("TLS %t: recorded %+v", secured, got)
		}
		r.As(rig.OtherKey).Records(t, 0)
	}
}

func TestAVendorBreaksInAWord(t *testing.T) {
	for word := range 8 {
		r := rig.Start(t, rig.Options{})
		r.BreakIn(t, "first", text, word)
		told := r.Python(t, "speak.py", "speak", text)
		r.Takeover(told, "", rate, text, true).Unnoticed(t)
		record := r.Records(t, 1)[0]
		if len(record.Attempts) != 2 || record.Attempts[0].Outcome != "failed" || record.Attempts[1].Provider != "second" {
			t.Errorf("word %d: recorded %+v", word, record.Attempts)
		}
	}
}

func TestAllVendorsAreGone(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	r.KillAll(t)
	for name, run := range languages {
		if failed := run(r, t, "speak", text).Failed(t, ""); failed.Status < 500 {
			t.Errorf("%s: %+v", name, failed)
		}
	}
}

func TestAWrongKeyIsRefused(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	if failed := r.As("sk-wrong").Python(t, "speak.py", "speak", text).Failed(t, ""); failed.Status != 401 {
		t.Errorf("%+v", failed)
	}
}

func TestLeavingStopsTheVendor(t *testing.T) {
	for name, run := range languages {
		r := rig.Start(t, rig.Options{Pace: 1})
		run(r, t, "leave", text).Turn("").Begins(t, rate, text)
		whole := r.Length(t, "first", text)
		generated := r.Stopped(t, "first")
		if len(generated) != 1 || generated[0] > whole/2 || whole < 3*time.Second {
			t.Errorf("%s: the vendor generated %v of %v", name, generated, whole)
		}
		if got := r.Records(t, 1)[0]; got.Outcome != "cancelled" {
			t.Errorf("%s: recorded %+v", name, got)
		}
	}
}
