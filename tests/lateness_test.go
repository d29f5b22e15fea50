package tests

import (
	"sync/atomic"
	"testing"
	"time"
)

// lateness is how late this machine runs what is due. On a machine with nothing else to do it is next to nothing.
type lateness struct{ most atomic.Int64 }

// watchMachine looks at it until the test ends.
func watchMachine(t *testing.T) *lateness {
	const every = 10 * time.Millisecond
	l := &lateness{}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			due := time.NewTimer(every)
			began := time.Now()
			select {
			case <-due.C:
				l.most.Store(max(l.most.Load(), int64(time.Since(began)-every)))
			case <-over:
				due.Stop()
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(over)
		<-ended
	})
	return l
}

// worst is the most that anything was late so far.
func (l *lateness) worst() time.Duration { return time.Duration(l.most.Load()) }
