package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// holder is someone who keeps the file locked for writing: a shell with an open transaction.
func holder(t *testing.T, file string) (release func()) {
	t.Helper()
	db, err := openWriting(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := db.Close(); err != nil { // rolls back
			t.Fatal(err)
		}
	}
}

// eventually lets the fake clock run until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 100 {
		synctest.Wait()
		if holds() {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("%s: not within 100 seconds", what)
}

// A ledger that can't be written admits nothing, keeps closes, and has them all once it can be written again.
func TestWhatCannotBeWrittenIsKeptAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := path(t)
		var log bytes.Buffer
		l := mustOpen(t, Config{Path: file, Log: zerolog.New(&log)})
		r := entry("rec-1", "acme", morning)
		mustAdmit(t, l, r)
		release := holder(t, file)

		if err := l.Close(t.Context(), finished(r)); !errors.Is(err, ErrKept) {
			t.Errorf("Close = %v, want %v", err, ErrKept)
		}
		before := time.Now()
		if err := l.Admit(t.Context(), entry("rec-2", "acme", morning)); !errors.Is(err, ErrUnavailable) || time.Since(before) > 0 {
			t.Errorf("Admit = %v after %v, want %v at once", err, time.Since(before), ErrUnavailable)
		}
		report, err := l.Sums(t.Context(), billing.SumsQuery{From: morning, To: morning.Add(time.Hour)})
		if err != nil || !report.MissingSince.Equal(morning) || l.Kept() != 1 {
			t.Errorf("missing since %v, %v, %d kept, want %v and one", report.MissingSince, err, l.Kept(), morning)
		}
		release()
		eventually(t, "written again", func() bool { return l.available() == nil })
		if l.Kept() != 0 {
			t.Errorf("%d kept, want none", l.Kept())
		}
		speak(t, l, "rec-2", "acme", morning.Add(time.Second))
		mustEqual(t, "records", ids(records(t, l)), []string{"rec-1", "rec-2"})
		mustStop(t, l)
		mustBeSound(t, file)
		for _, message := range []string{"the ledger can't be written", "the ledger can be written again"} {
			if strings.Count(log.String(), message) != 1 {
				t.Errorf("the log says %q %d times, want once", message, strings.Count(log.String(), message))
			}
		}
	})
}

func ids(records []billing.Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, r.ID)
	}
	return all
}

// openRecords are the ids of what is open in the file.
func openRecords(t *testing.T, file string) (open []string) {
	t.Helper()
	read(t, file, `SELECT record_id FROM records WHERE outcome IS NULL ORDER BY record_id`, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		open = append(open, id)
		return err
	})
	return open
}

// read asks the file something.
func read(t *testing.T, file, query string, each func(rows *sql.Rows) error) {
	t.Helper()
	r, err := OpenReader(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }() // it only read
	rows, err := r.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		if err := each(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestFullQueueHoldsUpEntriesAndDropsProgress(t *testing.T) {
	file := path(t)
	committed, resume := make(chan struct{}), make(chan struct{})
	var first sync.Once
	l := mustOpen(t, Config{Path: file, Log: zerolog.Nop(), Committed: func(time.Duration) {
		first.Do(func() {
			close(committed)
			<-resume // the writer takes nothing meanwhile
		})
	}})
	waits := []func(context.Context) error{l.Enter(entry("first", "acme", morning))}
	<-committed
	for i := range queueSize + 1 {
		waits = append(waits, l.Enter(entry(name(i), "acme", morning)))
	}
	l.Progress(billing.Progress{RecordID: "first", Attempt: running("oak", morning, billing.Usage{})}) // must not wait
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := waits[queueSize+1](ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("an entry that the queue has no room for = %v, want %v", err, context.Canceled)
	}
	close(resume)
	for _, wait := range waits[:queueSize+1] {
		if err := wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(openRecords(t, file)); got != queueSize+1 {
		t.Errorf("%d records are open, want %d", got, queueSize+1)
	}
	mustStop(t, l)
	mustBeSound(t, file)
}

// What outgrows the memory for it is told as dropped, and closed as interrupted by the next start.
func TestMoreClosesThanCanBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := path(t)
		l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
		mustAdmit(t, l, entry("rec-1", "acme", morning))
		mustAdmit(t, l, entry("rec-2", "acme", morning))
		release := holder(t, file)
		if err := l.Close(t.Context(), finished(entry("rec-1", "acme", morning))); !errors.Is(err, ErrKept) {
			t.Fatalf("Close = %v, want %v", err, ErrKept)
		}
		setKept(l, maxKept)
		if err := l.Close(t.Context(), finished(entry("rec-2", "acme", morning))); !errors.Is(err, ErrDropped) {
			t.Errorf("Close of one more = %v, want %v", err, ErrDropped)
		}
		setKept(l, 1)
		release()
		eventually(t, "written again", func() bool { return l.available() == nil && l.Kept() == 0 })
		mustStop(t, l)
		l = mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
		outcomes := make(map[string]billing.Outcome)
		for _, r := range records(t, l) {
			outcomes[r.ID] = r.Outcome
		}
		mustEqual(t, "outcomes", outcomes,
			map[string]billing.Outcome{"rec-1": billing.Completed, "rec-2": billing.Interrupted})
		mustStop(t, l)
		mustBeSound(t, file)
	})
}

// setKept makes it look as if n closes were kept, the first of them as they are.
func setKept(l *Ledger, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]billing.Record, n)
	copy(all, l.kept)
	l.kept = all
}

// A file that was taken away would swallow everything without an error.
func TestFileTakenAwayIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := path(t)
		l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
		mustAdmit(t, l, entry("rec-1", "acme", morning))
		if err := os.Rename(file, file+".away"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "noticed", func() bool { return errors.Is(l.available(), errMoved) })
		if err := l.Close(t.Context(), finished(entry("rec-1", "acme", morning))); !errors.Is(err, ErrKept) {
			t.Errorf("Close = %v, want %v", err, ErrKept)
		}
		if err := os.Rename(file+".away", file); err != nil {
			t.Fatal(err)
		}
		eventually(t, "written again", func() bool { return l.available() == nil })
		mustEqual(t, "records", ids(records(t, l)), []string{"rec-1"})
		mustStop(t, l)
		mustBeSound(t, file)
	})
}

func TestStopTellsWhatItGivesUpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := path(t)
		l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
		r := entry("rec-1", "acme", morning)
		mustAdmit(t, l, r)
		release := holder(t, file)
		if err := l.Close(t.Context(), finished(r)); !errors.Is(err, ErrKept) {
			t.Errorf("Close = %v, want %v", err, ErrKept)
		}
		if err := l.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "1 records") {
			t.Errorf("Stop = %v, want that one record could not be written", err)
		}
		release()
		if err := l.Admit(t.Context(), entry("rec-2", "acme", morning)); err == nil {
			t.Error("a stopped ledger admits")
		}
	})
}

func TestStopWritesWhatWaits(t *testing.T) {
	file := path(t)
	l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	var waits []func(context.Context) error
	for i := range maxBatch + 1 {
		waits = append(waits, l.Enter(entry(name(i), "acme", morning)))
	}
	mustStop(t, l)
	for i, wait := range waits {
		if err := wait(t.Context()); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if err := l.Close(t.Context(), finished(entry(name(0), "acme", morning))); !errors.Is(err, ErrStopped) {
		t.Errorf("Close of a stopped ledger = %v, want %v", err, ErrStopped)
	}
	if got := len(openRecords(t, file)); got != len(waits) {
		t.Errorf("%d records are open, want %d", got, len(waits))
	}
}

// What seemed to fail may be on the disk all the same: it is neither doubled nor left open.
func TestKeptCloseThatWasWrittenIsNotWrittenTwice(t *testing.T) {
	file := path(t)
	var log bytes.Buffer
	l := mustOpen(t, Config{Path: file, Log: zerolog.New(&log)})
	r := speak(t, l, "rec-1", "acme", morning)
	if err := l.keep(r); !errors.Is(err, ErrKept) {
		t.Fatal(err)
	}
	speak(t, l, "rec-2", "acme", morning)
	mustEqual(t, "records", ids(records(t, l)), []string{"rec-1", "rec-2"})
	if l.Kept() != 0 {
		t.Errorf("%d kept, want none", l.Kept())
	}
	mustStop(t, l)
	mustBeSound(t, file)
	if log.Len() > 0 {
		t.Errorf("log = %s, want nothing to tell", log.String())
	}
}
