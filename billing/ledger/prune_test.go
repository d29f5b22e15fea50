package ledger

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// What is older than the retention goes, with its sums; what stays is without gaps, and the ledger sound.
func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(memory(t), "ledger.db")
		l := mustOpen(t, Config{Path: file, Retention: 48 * time.Hour, Log: zerolog.Nop()})
		start := time.Now()
		const n = pruneBatch + 10
		for i := range n {
			speak(t, l, name(i), "acme", start)
		}
		time.Sleep(24 * time.Hour)
		straggler := entry("straggler", "beta", time.Now())
		mustAdmit(t, l, straggler)
		time.Sleep(2 * time.Hour)
		speak(t, l, "young", "beta", time.Now())
		mustClose(t, l, finished(straggler))

		time.Sleep(24 * time.Hour)
		eventually(t, "the old ones are gone", func() bool { return len(records(t, l)) == 2 })
		mustBeSound(t, file)
		time.Sleep(24 * time.Hour) // the straggler is too old now, but not the younger one that was closed before it
		synctest.Wait()
		mustEqual(t, "records", ids(records(t, l)), []string{"straggler", "young"})
		mustBeSound(t, file)
		report, err := l.Sums(t.Context(), billing.SumsQuery{From: start, To: time.Now()})
		if err != nil || len(report.Groups) != 1 || report.Groups[0].Generations != 1 {
			t.Errorf("sums = %+v, %v, want those of the younger one", report, err)
		}
		speak(t, l, "next", "acme", time.Now()) // its number goes on
		if got := unshipped(t, l, l.Epoch(), "acme"); len(got) != 1 || got[0].Seq != n+1 {
			t.Errorf("after all were gone: %+v, want one with the number %d", got, n+1)
		}
		mustStop(t, l)
		mustBeSound(t, file)
	})
}

// An epoch of which nothing is left is forgotten; without a retention nothing is.
func TestEpochsGoWithTheirRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(memory(t), "ledger.db")
		for range 2 {
			l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
			speak(t, l, "rec-"+l.Epoch(), "acme", time.Now())
			mustStop(t, l)
			time.Sleep(1000 * 24 * time.Hour)
		}
		l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
		synctest.Wait()
		if tails, err := l.Tails(t.Context()); err != nil || len(tails) != 2 {
			t.Errorf("without a retention: %+v, %v, want both epochs", tails, err)
		}
		mustStop(t, l)
		l = mustOpen(t, Config{Path: file, Retention: 24 * time.Hour, Log: zerolog.Nop()})
		eventually(t, "the old epochs are gone", func() bool {
			tails, err := l.Tails(t.Context())
			return err == nil && len(tails) == 0
		})
		mustStop(t, l)
		mustBeSound(t, file)
	})
}
