package ledger

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// A heartbeat that is named after the file outlives the start, and is nobody else's.
func TestAFileKeepsItsName(t *testing.T) {
	file := path(t)
	names := make(map[string]int)
	for _, f := range []string{file, file, path(t)} {
		l := mustOpen(t, Config{Path: f, Log: zerolog.Nop()})
		name, err := l.Relay(t.Context())
		if err != nil || name == "" {
			t.Errorf("Relay = %q, %v", name, err)
		}
		names[name]++
		mustStop(t, l)
	}
	if len(names) != 2 {
		t.Errorf("two files, one opened twice, have the names %v", names)
	}
}

func TestOldestOpen(t *testing.T) {
	l, _ := opened(t)
	check := func(want time.Time) {
		t.Helper()
		got, ok, err := l.OldestOpen(t.Context())
		if err != nil || ok == want.IsZero() || ok && !got.Equal(want) {
			t.Errorf("OldestOpen = %v, %v, %v, want %v", got, ok, err, want)
		}
	}
	check(time.Time{})
	late, early := entry("late", "acme", morning.Add(time.Minute)), entry("early", "beta", morning)
	for _, e := range []billing.Record{late, early} { // each is the oldest when it comes
		if err := l.Admit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		check(e.AdmittedAt)
	}
	if err := l.Close(t.Context(), finished(early)); err != nil {
		t.Fatal(err)
	}
	check(late.AdmittedAt)
	if err := l.Close(t.Context(), finished(late)); err != nil {
		t.Fatal(err)
	}
	check(time.Time{})
}
