package ledger

import (
	"errors"
	"testing"

	"voicerelay/billing"
)

func TestRefusedChangeSparesTheOthers(t *testing.T) {
	w, err := newWriter(t.Context(), fresh(t), Config{})
	if err != nil {
		t.Fatal(err)
	}
	changes := []*change{
		newChange(admission{entry: entry("rec-1", "acme", morning)}),
		newChange(offense{}),
		newChange(closing{record: finished(entry("rec-1", "acme", morning))}),
	}
	if err := w.commit(changes); err != nil {
		t.Fatal(err)
	}
	if changes[0].result != nil || changes[2].result != nil || !isRefusal(changes[1].result) {
		t.Errorf("results %v, %v, %v, want the middle one refused", changes[0].result, changes[1].result, changes[2].result)
	}
	if err := w.disconnect(); err != nil {
		t.Error(err)
	}
	if v := mustBeSound(t, w.path); v.Records != 1 {
		t.Errorf("%d records, want the one", v.Records)
	}
}

// offense is what a strict table refuses.
type offense struct{}

func (offense) apply(b *batch) (missed, err error) {
	_, err = b.do(upsertMeta, "offense", "not a number")
	return nil, err
}

// Progress alone is not worth a sync, everything that someone waits for is.
func TestOnlyProgressGoesWithoutASync(t *testing.T) {
	w, err := newWriter(t.Context(), fresh(t), Config{})
	if err != nil {
		t.Fatal(err)
	}
	noted := progress{billing.Progress{RecordID: "rec-1", Attempt: running("oak", morning, billing.Usage{})}}
	const normal, full = 1, 2
	for _, step := range []struct {
		name      string
		mutations []mutation
		want      int
	}{
		{"entry", []mutation{admission{entry: entry("rec-1", "acme", morning)}}, full},
		{"progress", []mutation{noted, noted}, normal},
		{"progress and close", []mutation{noted, closing{record: finished(entry("rec-1", "acme", morning))}}, full},
	} {
		var changes []*change
		for _, m := range step.mutations {
			changes = append(changes, newChange(m))
		}
		if err := w.commit(changes); err != nil {
			t.Fatal(err)
		}
		var got int
		if err := w.store.conn.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&got); err != nil || got != step.want {
			t.Errorf("%s: synchronous = %d, %v, want %d", step.name, got, err, step.want)
		}
	}
	if err := w.disconnect(); err != nil {
		t.Error(err)
	}
}

// A file that turns out to be older than what was written is not written on: numbers would be given out twice.
func TestAnOlderFileUnderARunningRelayIsRefused(t *testing.T) {
	w, err := newWriter(t.Context(), fresh(t), Config{})
	if err != nil {
		t.Fatal(err)
	}
	changes := []*change{
		newChange(admission{entry: entry("rec-1", "acme", morning)}),
		newChange(closing{record: finished(entry("rec-1", "acme", morning))}),
	}
	if err := w.commit(changes); err != nil {
		t.Fatal(err)
	}
	if err := w.disconnect(); err != nil {
		t.Fatal(err)
	}
	tamper(t, w.path, "DELETE FROM tails", "DELETE FROM records")
	if err := w.commit([]*change{newChange(probe{morning})}); !errors.Is(err, errReplaced) {
		t.Errorf("commit = %v, want %v", err, errReplaced)
	}
	if err := w.disconnect(); err != nil {
		t.Error(err)
	}
}
