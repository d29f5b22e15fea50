package process

import (
	"sync/atomic"
	"testing"
	"time"
)

// Lateness is how late this machine runs what is due. With nothing else to do that is next to nothing; where other programs have
// the cores, whatever passes several processes is late by so much in each of them.
type Lateness struct{ most atomic.Int64 }

// WatchMachine looks at it until the test ends.
func WatchMachine(t testing.TB) *Lateness {
	const every = 10 * time.Millisecond
	l := &Lateness{}
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

// Worst is the most that anything was late so far.
func (l *Lateness) Worst() time.Duration { return time.Duration(l.most.Load()) }
