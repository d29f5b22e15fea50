package emulator

import "context"

// turns holds one token while a connection's context speaks, where they do so one after the other; nil: all at once.
type turns chan struct{}

func newTurns(serial bool) turns {
	if !serial {
		return nil
	}
	return make(turns, 1)
}

// turn is a context's, owned by its speaker.
type turn struct{ of turns } // nil: it has none, or needs none

// take waits until the context may speak.
func (t *turn) take(ctx context.Context, of turns) bool {
	if of == nil {
		return true
	}
	select {
	case of <- struct{}{}:
		t.of = of
		return true
	case <-ctx.Done():
		return false
	}
}

// give lets the next one speak, once.
func (t *turn) give() {
	if t.of != nil {
		<-t.of
		t.of = nil
	}
}
