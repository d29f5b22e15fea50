package limits

import (
	"fmt"
	"sync"
)

// ConnectionBounds are of a relay's clients.
type ConnectionBounds struct {
	// Most is how many there may be at once.
	Most int
	// PerTenant bounds those of one tenant, PerKey those of one key; 0: no bound. Admin keys count for no tenant.
	PerTenant, PerKey int
	// Kept is how many places of Most only admin keys may take.
	Kept int
}

// Connections counts a relay's clients: in all, by key and by tenant, so that none of them takes every place. It is safe
// for concurrent use.
type Connections struct {
	mu     sync.Mutex // guards what follows
	bounds ConnectionBounds
	inside int
	keys   map[string]int // by name; none is at 0
	owners map[string]int // by tenant, likewise
}

// NewConnections has room within the bounds.
func NewConnections(bounds ConnectionBounds) *Connections {
	return &Connections{bounds: bounds, keys: make(map[string]int), owners: make(map[string]int)}
}

// Client is who wants a place.
type Client struct {
	Key, Tenant string
	Admin       bool
	// MostOfKey is the key's own bound; 0: that of all keys.
	MostOfKey int
}

// FullError says which limit is reached. It names no key and no tenant.
type FullError struct{ what string }

func (e *FullError) Error() string { return "too many connections " + e.what }

// Enter takes a place without waiting, or says what is full. leave gives the place back; further calls of it do nothing.
func (c *Connections) Enter(who Client) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fullLocked(who); err != nil {
		return nil, err
	}
	c.countLocked(who, 1)
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.countLocked(who, -1)
	}), nil
}

func (c *Connections) fullLocked(who Client) error {
	ofKey := c.bounds.PerKey
	if who.MostOfKey > 0 {
		ofKey = who.MostOfKey
	}
	switch {
	case c.inside >= c.bounds.Most, !who.Admin && c.inside >= c.bounds.Most-c.bounds.Kept:
		return &FullError{"to this relay"}
	case ofKey > 0 && c.keys[who.Key] >= ofKey:
		return &FullError{fmt.Sprintf("with this key: it has %d", ofKey)}
	case !who.Admin && c.bounds.PerTenant > 0 && c.owners[who.Tenant] >= c.bounds.PerTenant:
		return &FullError{fmt.Sprintf("of this key's tenant: it has %d", c.bounds.PerTenant)}
	}
	return nil
}

func (c *Connections) countLocked(who Client, by int) {
	c.inside += by
	add(c.keys, who.Key, by)
	if !who.Admin {
		add(c.owners, who.Tenant, by)
	}
}

// add changes a count, and forgets one that is 0.
func add(counts map[string]int, name string, by int) {
	if counts[name] += by; counts[name] == 0 {
		delete(counts, name)
	}
}

// Resize has other bounds hold from now on. Nobody who is inside is sent away.
func (c *Connections) Resize(bounds ConnectionBounds) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bounds = bounds
}

// Inside is the number of places taken.
func (c *Connections) Inside() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inside
}

// Most is how many places there are.
func (c *Connections) Most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bounds.Most
}
