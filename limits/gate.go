package limits

import "sync"

// Gate lets at most so many in at once. It is safe for concurrent use.
type Gate struct {
	mu     sync.Mutex // guards what follows
	most   int
	inside int
}

// NewGate is a gate for at most the given number.
func NewGate(most int) *Gate { return &Gate{most: most} }

// Acquire takes a place without waiting, or reports false. release gives the place back; further calls of it
// do nothing.
func (g *Gate) Acquire() (release func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside >= g.most {
		return nil, false
	}
	g.inside++
	return sync.OnceFunc(g.leave), true
}

func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
}

// Resize has the gate let in another number from now on. Nobody who is inside is sent away.
func (g *Gate) Resize(most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.most = most
}
