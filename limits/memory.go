package limits

import (
	"container/heap"
	"context"
	"crypto/rand"
	"sync"
	"time"
)

// maxKeysPerTenant bounds the idempotency keys of a tenant, at some 300 bytes each. That is 290 generations a
// second for an hour. Where it is reached new keys are refused for a while: forgetting an old one early would let
// a client be billed twice.
const maxKeysPerTenant = 1 << 20

// Memory is a Store within this process.
type Memory struct {
	// Static.
	secret  [32]byte // keys the hashes, so that stored ones tell nothing about clients' keys
	maxKeys int

	mu      sync.Mutex
	tenants map[string]*tenant // guarded by mu, as is all that they hold
}

// NewMemory is an empty store, whose idempotency keys end with the process.
func NewMemory() *Memory {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand ends the process instead
	return NewKeyedMemory(secret)
}

// NewKeyedMemory is an empty store that hashes idempotency keys with a secret which outlasts the process, so that
// they can be kept elsewhere and restored.
func NewKeyedMemory(secret [32]byte) *Memory {
	return &Memory{secret: secret, maxKeys: maxKeysPerTenant, tenants: make(map[string]*tenant)}
}

// Admit implements Store. It never waits, and fails with nothing but refusals.
func (m *Memory) Admit(_ context.Context, a Admission) (Grant, error) {
	var hash keyHash
	if a.IdempotencyKey != "" {
		hash = hashKey(m.secret[:], a.Tenant, a.IdempotencyKey)
	}
	now := time.Now()

	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tenantLocked(a.Tenant)
	t.forget(now)
	if err := t.refuse(a, hash, now, m.maxKeys); err != nil {
		m.dropIdleLocked(a.Tenant, t, now)
		return nil, err
	}
	t.running++
	return &memoryGrant{store: m, tenant: a.Tenant, claim: t.claim(a, hash, now)}, nil
}

// Kept is an idempotency key in use, as it is kept beyond the process.
type Kept struct {
	Tenant string
	// Hash is what Memory.Hash makes of the tenant and the key.
	Hash    [16]byte
	First   First
	Expires time.Time
}

// Hash is what is kept of an idempotency key, and tells nothing of it without the secret.
func (m *Memory) Hash(tenant, key string) [16]byte { return hashKey(m.secret[:], tenant, key) }

// Restore takes back a key that was in use when an earlier process ended. What ran then has failed.
func (m *Memory) Restore(k Kept) {
	if k.First.State == Running {
		k.First.State = Failed
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tenantLocked(k.Tenant)
	if t.claims[k.Hash] != nil {
		return // used again since
	}
	t.add(&claim{hash: k.Hash, first: k.First, expires: k.Expires})
	t.forget(time.Now())
	m.dropIdleLocked(k.Tenant, t, time.Now())
}

// note takes over an admission that another store has decided, so that this one could go on alone. It refuses
// nothing.
func (m *Memory) note(a Admission) Grant {
	hash := hashKey(m.secret[:], a.Tenant, a.IdempotencyKey)
	now := time.Now()

	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tenantLocked(a.Tenant)
	t.forget(now)
	_, _ = t.take(a.Limits.GenerationsPerMinute, now) // empty here means only that other relays had less
	t.running++
	if t.claims[hash] != nil || len(t.claims) >= m.maxKeys {
		a.IdempotencyKey = "" // its claim here belongs to another; the relay that decided knows better
	}
	return &memoryGrant{store: m, tenant: a.Tenant, claim: t.claim(a, hash, now)}
}

func (m *Memory) tenantLocked(name string) *tenant {
	t := m.tenants[name]
	if t == nil {
		t = &tenant{claims: make(map[keyHash]*claim)}
		m.tenants[name] = t
	}
	return t
}

// dropIdleLocked forgets a tenant of which there is nothing left to remember.
func (m *Memory) dropIdleLocked(name string, t *tenant, now time.Time) {
	if t.running == 0 && len(t.claims) == 0 && (t.rate == nil || t.rate.full(now)) {
		delete(m.tenants, name)
	}
}

// memoryGrant is one admission.
type memoryGrant struct {
	store  *Memory
	tenant string
	claim  *claim // nil where the client gave no idempotency key

	settled bool // guarded by store.mu
}

// Heard implements Grant. What this process holds dies with it anyway.
func (g *memoryGrant) Heard() {}

// Settle implements Grant. It never waits and never fails.
func (g *memoryGrant) Settle(_ context.Context, end State, heard bool) error {
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	if g.settled {
		return nil
	}
	g.settled = true
	now := time.Now()
	t := g.store.tenants[g.tenant] // stays while anything of it runs
	t.running--
	if g.claim != nil {
		t.settle(g.claim, end, heard)
	}
	t.forget(now)
	g.store.dropIdleLocked(g.tenant, t, now)
	return nil
}

// tenant is what is remembered of one tenant. Its methods need the store's mutex.
type tenant struct {
	rate      *Rate // nil where the rate is unbounded
	perMinute int   // of rate
	running   int
	claims    map[keyHash]*claim
	byExpiry  claimHeap
}

// refuse says why an admission is refused; it takes a token of the rate only where nothing else refuses.
func (t *tenant) refuse(a Admission, hash keyHash, now time.Time, maxKeys int) error {
	if a.IdempotencyKey != "" {
		if c := t.claims[hash]; c != nil {
			return &DuplicateError{First: c.first}
		}
		if len(t.claims) >= maxKeys {
			return &RateError{RetryAfter: t.byExpiry.wait(now)}
		}
	}
	if most := a.Limits.MaxConcurrentGenerations; most > 0 && t.running >= most {
		return tooMany(a.Limits)
	}
	if ok, wait := t.take(a.Limits.GenerationsPerMinute, now); !ok {
		return &RateError{PerMinute: a.Limits.GenerationsPerMinute, RetryAfter: wait}
	}
	return nil
}

// take takes a token. A rate that the configuration has changed meanwhile starts with a full bucket.
func (t *tenant) take(perMinute int, now time.Time) (bool, time.Duration) {
	if perMinute == 0 {
		t.rate, t.perMinute = nil, 0
		return true, 0
	}
	if t.perMinute != perMinute {
		t.rate, t.perMinute = NewRate(perMinute), perMinute
	}
	return t.rate.Take(now)
}

func (t *tenant) claim(a Admission, hash keyHash, now time.Time) *claim {
	if a.IdempotencyKey == "" {
		return nil
	}
	c := &claim{
		hash:    hash,
		first:   First{GenerationID: a.GenerationID, RecordID: a.RecordID, State: Running},
		expires: now.Add(a.Window),
		window:  a.Window,
	}
	t.add(c)
	return c
}

func (t *tenant) add(c *claim) {
	t.claims[c.hash] = c
	heap.Push(&t.byExpiry, c)
}

func (t *tenant) settle(c *claim, end State, heard bool) {
	c.first.State = end
	if !heard {
		t.drop(c)
	}
}

// forget drops the claims whose window is over. One whose generation still runs gets another window.
func (t *tenant) forget(now time.Time) {
	for len(t.byExpiry) > 0 {
		c := t.byExpiry[0]
		switch {
		case now.Before(c.expires):
			return
		case c.first.State == Running:
			c.expires = now.Add(c.window)
			heap.Fix(&t.byExpiry, c.index)
		default:
			t.drop(c)
		}
	}
}

func (t *tenant) drop(c *claim) {
	heap.Remove(&t.byExpiry, c.index)
	delete(t.claims, c.hash)
}
