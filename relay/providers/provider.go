package providers

import (
	"cmp"
	"sync/atomic"
	"time"

	"voicerelay/limits"
	"voicerelay/upstream"
)

// Provider is a configured provider and what is seen of it.
type Provider struct {
	upstream.Provider
	// Name is its name in the configuration, Adapter the driver's.
	Name, Adapter string
	// MaxConcurrent bounds the attempts at once; 0: as many as the vendor speaks, as far as its adapter knows a bound.
	MaxConcurrent int
	// MaxPerTenant bounds those of one tenant; 0: all, or three quarters of MaxConcurrent where several tenants have keys.
	MaxPerTenant int

	slots     *limits.Slots
	active    atomic.Int64 // attempts under way
	lastError atomic.Pointer[Failure]
}

// Failure is an attempt's, as operators are told of it.
type Failure struct {
	Message string
	At      time.Time
}

// Places is how many attempts may be under way at once; 0: no bound.
func (p *Provider) Places() int { return p.places() }

// places is how many attempts may be under way at once; 0: no bound.
func (p *Provider) places() int { return cmp.Or(p.MaxConcurrent, p.Capabilities().Concurrent) }

// share is how many of its places one tenant may have; 0: all. Where several tenants have keys, a quarter is left to the
// others unless the configuration says otherwise.
func (p *Provider) share(several bool) int {
	most := p.places()
	switch {
	case p.MaxPerTenant > 0:
		return p.MaxPerTenant
	case several:
		return most - most/4
	}
	return 0
}

// Sockets are the provider's open ones, where it has a pool.
func (p *Provider) Sockets() (idle, busy int) {
	if pooled, ok := p.Provider.(upstream.Pooled); ok {
		return pooled.Sockets()
	}
	return 0, 0
}

// Failed remembers an attempt's failure for the operator.
func (p *Provider) Failed(err error) {
	message := string(upstream.KindOf(err)) + ": " + upstream.ToldOf(err)
	p.lastError.Store(&Failure{Message: message, At: time.Now()})
}

// Active is how many attempts are under way.
func (p *Provider) Active() int64 { return p.active.Load() }

// Slots are the places for attempts; nil until the provider is part of a setup.
func (p *Provider) Slots() *limits.Slots { return p.slots }

// LastError is the latest failure of an attempt; nil: there was none.
func (p *Provider) LastError() *Failure { return p.lastError.Load() }
