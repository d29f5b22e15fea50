package ledger

import (
	"errors"
	"testing"
	"time"

	"voicerelay/billing"
)

func TestRecordComesBackAsItWasClosed(t *testing.T) {
	l, _ := opened(t)
	want := speak(t, l, "rec-1", "acme", morning)
	mustEqual(t, "records", records(t, l), []billing.Record{want})
	mustEqual(t, "numbered", unshipped(t, l, l.Epoch(), "acme"),
		[]billing.Numbered{{Epoch: l.Epoch(), Tenant: "acme", Seq: 1, Record: want}})
}

func TestEntryStandsAgainstItsClose(t *testing.T) {
	l, _ := opened(t)
	mustAdmit(t, l, entry("rec-1", "acme", morning))
	changed := finished(entry("rec-1", "acme", morning.Add(time.Hour)))
	changed.Route, changed.Key = "other", "ops"
	mustClose(t, l, changed)
	want := finished(entry("rec-1", "acme", morning))
	want.EndedAt, want.Attempts = changed.EndedAt, changed.Attempts
	mustEqual(t, "records", records(t, l), []billing.Record{want})
}

func TestNumbersAreWithoutGapsForEachTenant(t *testing.T) {
	l, _ := opened(t)
	for i := range 6 {
		speak(t, l, name(i), []string{"acme", "beta"}[i%2], morning)
	}
	for _, tenant := range []string{"acme", "beta"} {
		var got []int64
		for _, n := range unshipped(t, l, l.Epoch(), tenant) {
			got = append(got, n.Seq)
		}
		mustEqual(t, "numbers of "+tenant, got, []int64{1, 2, 3})
	}
	after, err := l.Unshipped(t.Context(), l.Epoch(), "acme", 1, 1)
	if err != nil || len(after) != 1 || after[0].Seq != 2 {
		t.Errorf("one behind the first = %+v, %v, want the second", after, err)
	}
	tails, err := l.Tails(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "tails", tails, []billing.Tail{{Epoch: l.Epoch(), Tenant: "acme", Last: 3}, {Epoch: l.Epoch(), Tenant: "beta", Last: 3}})
}

func TestWhatIsRefused(t *testing.T) {
	l, _ := opened(t)
	r := speak(t, l, "rec-1", "acme", morning)
	open := entry("rec-2", "acme", morning)
	mustAdmit(t, l, open)
	stranger := finished(open)
	stranger.Tenant = "beta"
	cases := []struct {
		name string
		err  error
		want error
	}{
		{"an entry twice", l.Admit(t.Context(), open), ErrDuplicate},
		{"an entry of what is closed", l.Admit(t.Context(), r), ErrDuplicate},
		{"a close twice", l.Close(t.Context(), r), ErrNotOpen},
		{"a close without an entry", l.Close(t.Context(), finished(entry("rec-3", "acme", morning))), ErrNotOpen},
		{"a close of another tenant's", l.Close(t.Context(), stranger), ErrNotOpen},
		{"a close without an end", l.Close(t.Context(), open), errUnended},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !errors.Is(c.err, c.want) {
				t.Errorf("got %v, want %v", c.err, c.want)
			}
		})
	}
	if got := len(records(t, l)); got != 1 {
		t.Errorf("%d records, want the one that was closed", got)
	}
}
