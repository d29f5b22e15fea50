package engine

import "context"

// Turns holds one token while a connection's context speaks, where they do so one after the other; nil: all at once.
type Turns chan struct{}

// NewTurns has the contexts of a connection speak one after the other, or all at once.
func NewTurns(serial bool) Turns {
	if !serial {
		return nil
	}
	return make(Turns, 1)
}

// Turn is a context's, owned by its speaker.
type Turn struct{ of Turns } // nil: it has none, or needs none

// Take waits until the context may speak.
func (t *Turn) Take(ctx context.Context, of Turns) bool {
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

// Give lets the next one speak, once.
// A context that stalls gives its turn first, or one client would hold up all.
func (t *Turn) Give() {
	if t.of != nil {
		<-t.of
		t.of = nil
	}
}
