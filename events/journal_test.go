package events

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

var testLog = zerolog.Nop()

// flaky is a ledger that fails at first.
type flaky struct {
	fails int
	kept  []billing.Event
}

func (f *flaky) Publish(_ context.Context, e billing.Event, _ time.Time) (bool, error) {
	if f.fails > 0 {
		f.fails--
		return false, errors.New("the disk is full")
	}
	f.kept = append(f.kept, e)
	return true, nil
}

// run has a journal run while body does.
func run(t *testing.T, j *Journal, body func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); j.Run(ctx) }()
	body()
	cancel()
	<-over
}

func TestJournalKeepsWhatTheLedgerTakesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keeper := &flaky{fails: 3}
		j := NewJournal("relay-1", keeper, testLog)
		for range 2 {
			j.Note(billing.CircuitOpened, "alpha", map[string]string{"provider": "alpha"})
		}
		run(t, j, func() { time.Sleep(time.Minute) })
		if len(keeper.kept) != 2 || keeper.kept[0].ID == keeper.kept[1].ID || string(keeper.kept[0].Data) != `{"provider":"alpha"}` {
			t.Errorf("kept %+v", keeper.kept)
		}
	})
}

func TestJournalIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keeper := &flaky{}
		j := NewJournal("relay-1", keeper, testLog)
		for range maxQueued + 10 {
			j.Note(billing.CircuitOpened, "alpha", nil)
		}
		run(t, j, func() { time.Sleep(time.Second) })
		if len(keeper.kept) != maxQueued {
			t.Errorf("%d were kept, want %d", len(keeper.kept), maxQueued)
		}
	})
}
