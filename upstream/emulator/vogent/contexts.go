package vogent

import (
	"slices"
	"sync"
)

// contexts are on which connection each contextId is. All of a context's generations must be on one (API reference); what
// becomes of one that is not, the reference does not say, nor for how long a context is remembered: here it fails, as long as the
// connection lives.
type contexts struct {
	mu     sync.Mutex // guards what follows
	owners map[string]*claims
}

// claims are the contexts of a connection.
type claims struct {
	of  *contexts
	ids []string // guarded by the contexts' mu; the latest last
}

// maxClaims is how many contexts of a connection are known; the number is the emulator's own.
const maxClaims = 256

// join begins a connection's claims.
func (c *contexts) join() *claims { return &claims{of: c} }

// take claims a context, and reports false where another connection has it.
func (c *claims) take(id string) bool {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	switch owner := c.of.owners[id]; {
	case owner == c:
		return true
	case owner != nil:
		return false
	}
	if len(c.ids) == maxClaims {
		delete(c.of.owners, c.ids[0])
		c.ids = slices.Delete(c.ids, 0, 1)
	}
	if c.of.owners == nil {
		c.of.owners = make(map[string]*claims)
	}
	c.of.owners[id] = c
	c.ids = append(c.ids, id)
	return true
}

// drop gives all of a connection's contexts up.
func (c *claims) drop() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	for _, id := range c.ids {
		delete(c.of.owners, id)
	}
	c.ids = nil
}
