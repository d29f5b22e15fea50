package ledger

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// Every kind of tampering is found, and told by what it is about.
func TestVerifyFinds(t *testing.T) {
	cases := []struct {
		name, statement, want string
	}{
		{"a record that is gone", `DELETE FROM records WHERE record_id = 'rec-0001'`, "numbers of epoch"},
		{"the last record gone with its tail", `DELETE FROM records WHERE seq = 3; UPDATE tails SET last = 2`, "sum of hour"},
		{"a tail that is gone", `DELETE FROM tails`, "numbers of epoch"},
		{"a number that was moved", `UPDATE records SET seq = 9 WHERE seq = 3`, "numbers of epoch"},
		{"a sum that was changed", `UPDATE sums SET cost_micros = cost_micros + 1 WHERE provider = ''`, `sum of hour 2026-03-01T09, tenant "acme"`},
		{"a sum that is gone", `DELETE FROM sums WHERE provider = 'oak'`, `provider "oak"`},
		{"a sum of nothing", `UPDATE sums SET hour = hour + 1`, "there are no records of it"},
		{"an attempt whose cost was changed", `UPDATE attempts SET cost_micros = 1 WHERE number = 1 AND record = 1`, `provider "oak"`},
		{"an attempt of no record", `UPDATE attempts SET record = 77 WHERE record = 1`, "attempt of no record: 77/0"},
		{"a record of no epoch", `UPDATE records SET epoch = 7`, "record of no epoch"},
		{"a record that was closed by half", `PRAGMA ignore_check_constraints = 1; UPDATE records SET outcome = NULL WHERE seq = 3`, "closed by half: rec-0002"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := path(t)
			l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
			for i := range 3 {
				speak(t, l, name(i), "acme", morning)
			}
			mustStop(t, l)
			mustBeSound(t, file)
			tamper(t, file, c.statement)
			v, err := Verify(t.Context(), file)
			if err != nil || !strings.Contains(strings.Join(v.Faults, "\n"), c.want) {
				t.Errorf("Verify = %q, %v, want a fault with %q", v.Faults, err, c.want)
			}
		})
	}
}

func TestVerifyCounts(t *testing.T) {
	l, file := opened(t)
	speak(t, l, "rec-1", "acme", morning)
	mustAdmit(t, l, entry("rec-2", "acme", morning))
	if v := mustBeSound(t, file); v.Records != 1 || v.Open != 1 {
		t.Errorf("%d records and %d open, want one of each", v.Records, v.Open)
	}
}

func TestVerifyBoundsWhatItTells(t *testing.T) {
	var v verifier
	for range 2 * maxFaults {
		v.fault("one of many")
	}
	if len(v.found.Faults) != maxFaults {
		t.Errorf("%d faults are told, want %d", len(v.found.Faults), maxFaults)
	}
}
