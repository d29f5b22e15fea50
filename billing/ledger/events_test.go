package ledger

import (
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// sinks are sinks that want ended generations, and one that wants budgets as well.
func sinks(names ...string) Events {
	var e Events
	for _, name := range names {
		types := []billing.EventType{billing.GenerationEnded}
		if name == "all" {
			types = billing.EventTypes()
		}
		e.Sinks = append(e.Sinks, billing.Sink{Name: name, Types: types})
	}
	return e
}

func pendingOf(t *testing.T, l *Ledger, sink string) (ids []string, dropped int64, last int64) {
	t.Helper()
	events, dropped, err := l.Pending(t.Context(), sink, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		ids, last = append(ids, e.ID), e.N
		if (e.Type == billing.GenerationEnded) != (e.Record != nil && e.Record.ID == e.ID && e.Record.Outcome != "") {
			t.Errorf("event %+v has the record %+v", e, e.Record)
		}
	}
	return ids, dropped, last
}

func wantPending(t *testing.T, l *Ledger, sink string, want ...string) (last int64) {
	t.Helper()
	got, _, last := pendingOf(t, l, sink)
	if !slices.Equal(got, want) {
		t.Errorf("%s has %q to be sent, want %q", sink, got, want)
	}
	return last
}

func end(t *testing.T, l *Ledger, id string) {
	t.Helper()
	r := entry(id, "acme", time.Now())
	mustAdmit(t, l, r)
	mustClose(t, l, finished(r))
}

func budgetEvent(id string) billing.Event {
	return billing.Event{ID: id, Type: billing.BudgetThreshold, Subject: "acme", Time: time.Now(), Data: []byte(`{"a":1}`)}
}

func TestEachSinkHasAPlaceOfItsOwn(t *testing.T) {
	file := path(t)
	l := mustOpen(t, Config{Path: file, Events: sinks("one", "all")})
	end(t, l, "r1")
	if first, err := l.Publish(t.Context(), budgetEvent("b1"), time.Time{}); !first || err != nil {
		t.Errorf("Publish = %v, %v", first, err)
	}
	end(t, l, "r2")
	all := wantPending(t, l, "all", "r1", "b1", "r2")
	if err := l.Sent(t.Context(), "one", all-1); err != nil {
		t.Fatal(err)
	}
	wantPending(t, l, "one", "r2")
	mustStop(t, l)

	l = mustOpen(t, Config{Path: file, Events: sinks("one", "all", "new")})
	defer mustStop(t, l)
	wantPending(t, l, "one", "r2")
	wantPending(t, l, "all", "r1", "b1", "r2")
	wantPending(t, l, "new", "r1", "b1", "r2") // as the slowest
	if err := l.UseSinks(t.Context(), sinks("one")); err != nil {
		t.Fatal(err)
	}
	wantPending(t, l, "one", "r2")
	if _, _, err := l.Pending(t.Context(), "all", 1); err == nil {
		t.Error("a sink that is gone has a place")
	}
	if err := l.Sent(t.Context(), "one", all); err != nil {
		t.Fatal(err)
	}
	if err := l.UseSinks(t.Context(), sinks("one", "late")); err != nil {
		t.Fatal(err)
	}
	end(t, l, "r3")
	wantPending(t, l, "late", "r3") // begins where it was added
}

func TestNothingIsKeptWithoutASink(t *testing.T) {
	l := mustOpen(t, Config{Path: path(t)})
	defer mustStop(t, l)
	end(t, l, "r1")
	if err := l.UseSinks(t.Context(), sinks("one")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(t.Context(), budgetEvent("b1"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantPending(t, l, "one")
}

func TestInterruptedGenerationsAreEvents(t *testing.T) {
	file := path(t)
	l := mustOpen(t, Config{Path: file, Events: sinks("one")})
	mustAdmit(t, l, entry("r1", "acme", time.Now()))
	mustStop(t, l)
	l = mustOpen(t, Config{Path: file, Events: sinks("one")})
	defer mustStop(t, l)
	wantPending(t, l, "one", "r1")
}

func TestWhatIsToldOnceIsToldOnce(t *testing.T) {
	file, until := path(t), time.Now().Add(time.Hour)
	for i, want := range []bool{true, false} {
		l := mustOpen(t, Config{Path: file, Events: sinks("all")})
		for range 2 {
			if first, err := l.Publish(t.Context(), budgetEvent("b1"), until); first != want || err != nil {
				t.Errorf("start %d: first = %v, %v, want %v", i, first, err, want)
			}
			want = false
		}
		wantPending(t, l, "all", "b1")
		mustStop(t, l)
	}
}

// Records that a sink has yet to be sent outlive the retention, but not the bound on events.
func TestRetentionWaitsForSinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		events := sinks("one")
		events.Keep = 10 * day
		l := mustOpen(t, Config{Path: filepath.Join(memory(t), "ledger.db"), Retention: day, Events: events, Log: zerolog.Nop()})
		defer mustStop(t, l)
		speak(t, l, "r1", "acme", time.Now())
		time.Sleep(5 * day)
		mustEqual(t, "records", ids(records(t, l)), []string{"r1"})
		if err := l.Sent(t.Context(), "one", wantPending(t, l, "one", "r1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		mustEqual(t, "records", len(records(t, l)), 0)
		speak(t, l, "r2", "acme", time.Now())
		time.Sleep(9 * day)
		wantPending(t, l, "one", "r2")
		time.Sleep(2 * day)
		if ids, dropped, _ := pendingOf(t, l, "one"); len(ids) > 0 || dropped != 1 {
			t.Errorf("%q are to be sent and %d dropped, want none and 1", ids, dropped)
		}
		mustEqual(t, "records", len(records(t, l)), 0)
	})
}

func TestNoMoreEventsAreKeptThanTheBound(t *testing.T) {
	l := mustOpen(t, Config{Path: path(t), Events: sinks("all"), Log: zerolog.Nop()})
	for _, id := range []string{"b1", "b2", "b3"} {
		if _, err := l.Publish(t.Context(), budgetEvent(id), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	bounded := sinks("all")
	bounded.Most = 2
	if err := l.UseSinks(t.Context(), bounded); err != nil {
		t.Fatal(err)
	}
	mustStop(t, l)
	if err := l.writer.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.writer.disconnect() }()
	if err := l.writer.store.transact(l.writer.store.pruneEvents); err != nil {
		t.Fatal(err)
	}
	var left, dropped int
	if err := l.writer.store.row(`SELECT (SELECT COUNT(*) FROM events), (SELECT dropped FROM sinks)`).Scan(&left, &dropped); err != nil || left != 2 || dropped != 1 {
		t.Errorf("%d are left and %d dropped, %v", left, dropped, err)
	}
}
