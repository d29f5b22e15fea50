package ledger

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// hook is a change that stops the writer in the middle of a transaction.
type hook struct {
	inside chan struct{} // closed when the writer is there
	goOn   chan error    // what the change then meets with
}

func newHook() hook { return hook{inside: make(chan struct{}), goOn: make(chan error)} }

func (h hook) apply(*batch) (missed, err error) {
	close(h.inside)
	return nil, <-h.goOn
}

// An admission that is given up on has never been, whether it was on its way to the disk or not.
func TestAbandonedEntryIsTakenBack(t *testing.T) {
	l, file := opened(t)
	ctx, cancel := context.WithCancel(t.Context())
	before, beside := newHook(), newHook()
	l.queue <- newChange(before)
	<-before.inside
	onItsWay := l.Enter(entry("rec-1", "acme", morning)) // goes in one transaction with what follows
	l.queue <- newChange(beside)
	before.goOn <- nil
	<-beside.inside
	waiting := l.Enter(entry("rec-2", "acme", morning))
	cancel()
	for _, wait := range []func(context.Context) error{onItsWay, waiting} {
		if err := wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("an abandoned wait = %v, want %v", err, context.Canceled)
		}
	}
	beside.goOn <- nil
	mustAdmit(t, l, entry("rec-3", "acme", morning)) // after both
	mustAdmit(t, l, entry("rec-4", "acme", morning)) // after what takes the first back
	mustEqual(t, "open records", openRecords(t, file), []string{"rec-3", "rec-4"})
}

// What waits after a commit that fails is answered at once, rather than each by a failure of its own.
func TestQueueIsAnsweredWhenACommitFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, file := opened(t)
		first, broken := newHook(), newHook()
		l.queue <- newChange(first)
		<-first.inside
		beside := l.Enter(entry("beside", "acme", morning))
		l.queue <- newChange(broken)
		for range maxBatch - 2 {
			l.queue <- newChange(probe{morning})
		}
		behind := l.Enter(entry("behind", "acme", morning)) // in the next transaction
		tried := newHook()
		l.queue <- newChange(tried)
		first.goOn <- nil
		<-broken.inside
		broken.goOn <- errors.New("the disk is gone")
		for _, wait := range []func(context.Context) error{beside, behind} {
			if err := wait(t.Context()); !errors.Is(err, ErrUnavailable) {
				t.Errorf("Admit = %v, want %v", err, ErrUnavailable)
			}
		}
		eventually(t, "written again", func() bool { return l.available() == nil })
		select {
		case <-tried.inside:
			t.Error("what waited was tried all the same")
		default:
		}
		if open := openRecords(t, file); open != nil {
			t.Errorf("open are %v, want none", open)
		}
	})
}

// landed is a commit that seems to fail, though what came before it is on the disk.
type landed struct{}

func (landed) apply(b *batch) (missed, err error) {
	return nil, errors.Join(b.finish(), b.exec("COMMIT"), errors.New("the disk did not answer"))
}

// What a commit wrote that seemed to fail is neither doubled nor left open.
func TestCommitThatSeemedToFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, file := opened(t)
		r := entry("rec-1", "acme", morning)
		mustAdmit(t, l, r)
		first := newHook()
		l.queue <- newChange(first)
		<-first.inside
		closing := newChange(closing{record: finished(r)}) // one transaction with what follows
		l.queue <- closing
		wait := l.Enter(entry("rec-2", "acme", morning))
		l.queue <- newChange(landed{})
		first.goOn <- nil
		if err := l.await(t.Context(), closing); !errors.Is(err, ErrKept) {
			t.Errorf("Close = %v, want %v", err, ErrKept)
		}
		if err := wait(t.Context()); !errors.Is(err, ErrUnavailable) {
			t.Errorf("Admit = %v, want %v", err, ErrUnavailable)
		}
		eventually(t, "written again", func() bool { return l.available() == nil && l.Kept() == 0 })
		mustEqual(t, "records", ids(records(t, l)), []string{"rec-1"})
		if open := openRecords(t, file); open != nil {
			t.Errorf("open are %v, want none", open)
		}
	})
}
