package ledger

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// duplicate is a copy of a ledger as it is at this moment, by SQLite's own means.
func duplicate(t *testing.T, file string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	tamper(t, file, "VACUUM INTO '"+to+"'")
	return to
}

// A copy that is older than what Redis has takes in what it lacks, number by number, and is sound at every step.
func TestAnOlderCopyTakesInWhatItLacks(t *testing.T) {
	l, file := opened(t)
	speak(t, l, "rec-0", "acme", morning)
	for _, id := range []string{"rec-1", "rec-2"} {
		mustAdmit(t, l, entry(id, "acme", morning))
	}
	older := duplicate(t, file)
	mustClose(t, l, finished(entry("rec-1", "acme", morning)))
	for i := range 4 {
		speak(t, l, fmt.Sprint("late-", i), "acme", morning.Add(time.Hour))
	}
	shared := unshipped(t, l, l.Epoch(), "acme") // what Redis has: numbers 1 to 6

	c := mustOpen(t, Config{Path: older, AskFirst: true, Log: zerolog.Nop()})
	remains, err := c.Remains(t.Context())
	if err != nil || len(remains.Open) != 2 || !remains.Copied || !reflect.DeepEqual(remains.Epochs, []string{l.Epoch()}) {
		t.Fatalf("Remains = %+v, %v, want two open of a copy", remains, err)
	}
	adopt := func(tails []billing.Tail, records ...billing.Numbered) {
		t.Helper()
		if err := c.Adopt(t.Context(), tails, records); err != nil {
			t.Fatal(err)
		}
		mustBeSound(t, older)
	}
	adopt([]billing.Tail{{Epoch: l.Epoch(), Tenant: "acme", Last: 6}})
	adopt(nil, shared[3]) // in the middle of the gap
	adopt(nil, shared[0], shared[1], shared[3])
	remains, err = c.Remains(t.Context())
	want := []billing.Gap{{Epoch: l.Epoch(), Tenant: "acme", First: 3, Last: 3}, {Epoch: l.Epoch(), Tenant: "acme", First: 5, Last: 6}}
	if err != nil || len(remains.Open) != 1 || !reflect.DeepEqual(remains.Gaps, want) {
		t.Errorf("Remains = %+v, %v, want one open and %v", remains, err, want)
	}
	adopt(nil, shared[2], shared[4])
	if err := c.Conclude(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := mustBeSound(t, older); v.Records != 6 || v.Open != 0 || v.Lacking != 1 {
		t.Errorf("Verify = %+v, want six records and one known to be lacking", v)
	}
	mustEqual(t, "what was shared", unshipped(t, c, l.Epoch(), "acme"), shared[:5])
	cut := unshipped(t, c, c.Epoch(), "acme")
	if len(cut) != 1 || cut[0].Record.ID != "rec-2" || cut[0].Record.Outcome != billing.Interrupted {
		t.Errorf("what nobody closed = %+v, want rec-2 interrupted", cut)
	}
	mustStop(t, c)
	c = mustOpen(t, Config{Path: older, AskFirst: true, Log: zerolog.Nop()})
	if remains, err = c.Remains(t.Context()); err != nil || remains.Copied || len(remains.Open)+len(remains.Gaps) > 0 {
		t.Errorf("after the next start: %+v, %v, want nothing", remains, err)
	}
	mustStop(t, c)
}

// A record that was closed here, and that Redis has under another number, is as Redis has it; its number here is lacking.
// One that belongs to an epoch of another ledger leaves this one.
func TestARecordIsWhatRedisHas(t *testing.T) {
	l, file := opened(t)
	for _, id := range []string{"rec-0", "rec-1"} {
		mustAdmit(t, l, entry(id, "acme", morning))
	}
	older := duplicate(t, file)
	mustClose(t, l, finished(entry("rec-0", "acme", morning)))
	shared := unshipped(t, l, l.Epoch(), "acme")

	c := mustOpen(t, Config{Path: older, Log: zerolog.Nop()}) // closes both as interrupted: 1 and 2 of its epoch
	foreign := unshipped(t, c, c.Epoch(), "acme")[1]
	foreign.Epoch = newEpoch(morning)
	err := c.Adopt(t.Context(), []billing.Tail{{Epoch: l.Epoch(), Tenant: "acme", Last: 1}}, append(shared, foreign))
	if err != nil {
		t.Fatal(err)
	}
	if v := mustBeSound(t, older); v.Records != 1 || v.Lacking != 2 {
		t.Errorf("Verify = %+v, want one record and two known to be lacking", v)
	}
	mustEqual(t, "what was shared", unshipped(t, c, l.Epoch(), "acme"), shared)
	speak(t, c, "rec-2", "acme", morning)
	if next := unshipped(t, c, c.Epoch(), "acme"); len(next) != 1 || next[0].Seq != 3 {
		t.Errorf("the next one = %+v, want the number 3", next)
	}
	mustStop(t, c)
	mustBeSound(t, older)
}

// What a crash left open waits where others are to be asked first, also beside what begins again.
func TestWhatWasOpenWaitsToBeAskedFor(t *testing.T) {
	file := path(t)
	l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	mustAdmit(t, l, entry("rec-0", "acme", morning))
	mustStop(t, l)
	l = mustOpen(t, Config{Path: file, AskFirst: true, Log: zerolog.Nop()})
	speak(t, l, "rec-1", "acme", morning)
	mustAdmit(t, l, entry("rec-2", "acme", morning))
	if err := l.Conclude(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := mustBeSound(t, file); v.Records != 2 || v.Open != 1 {
		t.Errorf("Verify = %+v, want the first two closed, and the last still open", v)
	}
	mustStop(t, l)
}
