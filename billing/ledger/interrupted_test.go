package ledger

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

func running(provider string, started time.Time, used billing.Usage) billing.Attempt {
	return billing.Attempt{Provider: provider, Voice: "v", StartedAt: started, Usage: used}
}

func TestWhatWasOpenIsInterruptedByTheNextStart(t *testing.T) {
	file := path(t)
	l := mustOpen(t, Config{Path: file, Prices: prices(), Log: zerolog.Nop()})
	first := l.Epoch()
	done := speak(t, l, "rec-0", "acme", morning)
	mustAdmit(t, l, entry("rec-1", "acme", morning.Add(time.Second)))
	failed := finished(entry("rec-1", "acme", morning)).Attempts[0]
	for number, a := range []billing.Attempt{
		failed,
		running("oak", morning, billing.Usage{Characters: 20, Bytes: 24, Requests: 1, Audio: 2 * time.Second}),
		running("oak", morning, billing.Usage{Characters: 56, UTF16Units: 57, Chinese: 1, Bytes: 60, Requests: 2, Audio: time.Second}),
		running("elm", morning, billing.Usage{Characters: 10, Bytes: 10, Requests: 1}),
		running("ash", morning, billing.Usage{Characters: 10, Bytes: 10, Requests: 1}),
	} {
		l.Progress(billing.Progress{RecordID: "rec-1", Number: max(number-1, 0), Attempt: a}) // the second replaces the first
	}
	mustStop(t, l)

	l = mustOpen(t, Config{Path: file, Prices: dearer(), Log: zerolog.Nop()})
	got := unshipped(t, l, l.Epoch(), "acme")
	if len(got) != 1 || got[0].Seq != 1 {
		t.Fatalf("the new epoch has %+v, want one record with the number 1", got)
	}
	r := got[0].Record
	if r.EndedAt.IsZero() {
		t.Error("no end")
	}
	want := entry("rec-1", "acme", morning.Add(time.Second))
	want.Outcome, want.EndedAt = billing.Interrupted, r.EndedAt
	want.Characters, want.Bytes = 56, 60
	cost := func(micros int64, currency string) billing.Cost {
		return billing.Cost{Money: billing.Money{Micros: micros, Currency: currency}, Source: billing.FromPriceList, Estimated: true}
	}
	want.Attempts = []billing.Attempt{
		running("oak", morning, billing.Usage{Characters: 20, Bytes: 24, Requests: 1, Audio: 2 * time.Second}),
		running("oak", morning, billing.Usage{Characters: 56, UTF16Units: 57, Chinese: 1, Bytes: 60, Requests: 2, Audio: time.Second}),
		running("elm", morning, billing.Usage{Characters: 10, Bytes: 10, Requests: 1}),
		running("ash", morning, billing.Usage{Characters: 10, Bytes: 10, Requests: 1}),
	}
	// Fourteen characters make a second, which costs 0.0014 at oak. The first had spoken more than that already.
	for i, c := range []billing.Cost{cost(2800, "EUR"), cost(5600, "EUR"), cost(100, "USD"), {Source: billing.Unavailable}} {
		want.Attempts[i].Cost, want.Attempts[i].Outcome, want.Attempts[i].EndedAt = c, billing.Interrupted, r.EndedAt
	}
	mustEqual(t, "interrupted record", r, want)
	mustEqual(t, "what was closed before", unshipped(t, l, first, "acme"),
		[]billing.Numbered{{Epoch: first, Tenant: "acme", Seq: 1, Record: done}})
	mustStop(t, l)
	mustBeSound(t, file)
}

// An attempt that had ended keeps its outcome and its cost.
func TestInterruptedKeepsWhatHadEnded(t *testing.T) {
	r := finished(entry("rec-1", "acme", morning))
	ended := r.Attempts[1]
	got := interrupted(r, nil, morning.Add(time.Hour))
	mustEqual(t, "attempt", got.Attempts[1], ended)
	if got.Outcome != billing.Interrupted || got.PriceList != prices().Hash() {
		t.Errorf("outcome %s, price list %q, want it interrupted with the list it had", got.Outcome, got.PriceList)
	}
}

func TestManyOpenRecordsAreInterrupted(t *testing.T) {
	file := path(t)
	l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	const n = maxBatch + 1
	enter(t, l, n)
	mustStop(t, l)
	l = mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	if got := len(records(t, l)); got != n {
		t.Errorf("%d records, want %d", got, n)
	}
	mustStop(t, l)
	mustBeSound(t, file)
}

// enter admits records by the hundred.
func enter(t testing.TB, l *Ledger, n int) {
	t.Helper()
	enterFrom(t, l, 0, n)
}

func enterFrom(t testing.TB, l *Ledger, first, n int) {
	t.Helper()
	for i := first; i < first+n; {
		var waits []func() error
		for range min(first+n-i, queueSize/2) {
			wait := l.Enter(entry(name(i), "acme", morning))
			waits = append(waits, func() error { return wait(t.Context()) })
			i++
		}
		for _, wait := range waits {
			if err := wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestInterruptedCostOverflowIsUnavailable(t *testing.T) {
	r := entry("rec-1", "acme", morning)
	r.Attempts = []billing.Attempt{running("elm", morning, billing.Usage{Characters: 1 << 62})}
	if got := interrupted(r, prices(), morning).Attempts[0].Cost; got != (billing.Cost{Source: billing.Unavailable}) {
		t.Errorf("cost = %+v, want it unavailable", got)
	}
}

// dearer is another list for the same.
func dearer() *billing.PriceList {
	dear := prices().Prices()
	for i := range dear {
		dear[i].Amount = "1"
	}
	list, err := billing.NewPriceList(dear)
	if err != nil {
		panic(err) // constants
	}
	return list
}

// Whatever lists were in force, what was cut short is priced by the one that its entry names. Without it no price is known.
func TestInterruptedIsPricedByItsOwnList(t *testing.T) {
	file := path(t)
	l := mustOpen(t, Config{Path: file, Prices: prices(), Log: zerolog.Nop()})
	l.UsePrices(dearer())
	unheardOf := "0123456789abcdef"
	for _, hash := range []string{prices().Hash(), dearer().Hash(), unheardOf, ""} {
		r := entry("rec-"+hash, "acme", morning)
		r.PriceList = hash
		mustAdmit(t, l, r)
		l.Progress(billing.Progress{RecordID: r.ID, Attempt: running("elm", morning, billing.Usage{Characters: 10, Requests: 1})})
	}
	mustStop(t, l)
	l = mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	want := map[string]int64{prices().Hash(): 100, dearer().Hash(): 10_000_000}
	for _, r := range records(t, l) {
		cost := r.Attempts[0].Cost
		if micros, known := want[r.PriceList]; cost.Known() != known || cost.Money.Micros != micros {
			t.Errorf("by the list %q: %+v, want %d", r.PriceList, cost, micros)
		}
	}
	mustStop(t, l)
	mustBeSound(t, file)
}

// The clock may have been set back meanwhile: nothing ends before it began.
func TestInterruptedEndsNoEarlierThanItBegan(t *testing.T) {
	r := entry("rec-1", "acme", morning)
	r.Attempts = []billing.Attempt{running("oak", morning.Add(time.Second), billing.Usage{Characters: 1})}
	got := interrupted(r, prices(), morning.Add(-48*time.Hour))
	if got.EndedAt.Before(r.AdmittedAt) || got.Attempts[0].EndedAt.Before(got.Attempts[0].StartedAt) {
		t.Errorf("ended at %v, the attempt at %v", got.EndedAt, got.Attempts[0].EndedAt)
	}
}
