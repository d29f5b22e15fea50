package limits

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxUnsettled bounds the ends that wait for Redis to come back, at some 300 bytes each.
const maxUnsettled = 10_000

// errUnsettled is why an end is not kept for a Redis that is away: too many wait. Its slot lapses by itself; its
// idempotency key may be used again.
var errUnsettled = errors.New("too many ends wait for the store that relays share")

// admissions is the Store half of Redis.
type admissions struct {
	// Static.
	link    *link
	scripts scripts
	keys    keyspace
	secret  *secret
	holder  holder
	lease   time.Duration
	maxKeys int // of a tenant
	hurry   chan<- struct{}
	local   *Memory // what this relay has admitted, for when Redis is away

	mu        sync.Mutex                   // guards what follows
	held      map[string]map[string]*lease // what runs, by tenant and record
	unheard   map[string]map[string]*lease // subset of held of which Redis has yet to be told that it was heard
	unsettled []settlement                 // in the order of their ends
}

// lease is what a running generation holds.
type lease struct {
	admission Admission
	heard     bool // guarded by admissions.mu
}

// holder is who holds leases: a relay, by a name that outlasts it, and which of its starts.
type holder struct{ relay, start string }

// settlement is the end of a generation, as Redis has yet to be told.
type settlement struct {
	admission Admission
	end       State
	heard     bool
}

func (s *admissions) admit(ctx context.Context, a Admission) (Grant, error) {
	l := &lease{admission: a}
	err := s.secret.ensure(ctx, s.link, a.Tenant)
	var reply []any
	if err == nil {
		reply, err = s.link.ask(ctx, a.Tenant, call{s.scripts.admit, s.keys.admissions(a.Tenant), s.admitArgs(a)})
	}
	switch {
	case err == nil:
		err = refusal(reply, a.Limits)
	case a.Strict:
		return nil, err
	default:
		return s.admitAlone(ctx, l)
	}
	if err != nil {
		return nil, err
	}
	return s.grant(l, s.local.note(a)), nil
}

func (s *admissions) admitArgs(a Admission) []any {
	return []any{
		a.RecordID, a.GenerationID, s.secret.hash(a), a.Window.Milliseconds(),
		a.Limits.MaxConcurrentGenerations, a.Limits.GenerationsPerMinute, s.lease.Milliseconds(), s.maxKeys,
		s.holder.relay, s.holder.start,
	}
}

// admitAlone decides by what this relay has seen itself.
func (s *admissions) admitAlone(ctx context.Context, l *lease) (Grant, error) {
	local, err := s.local.Admit(ctx, l.admission)
	if err != nil {
		return nil, err
	}
	return s.grant(l, local), nil
}

func (s *admissions) grant(l *lease, local Grant) *redisGrant {
	s.mu.Lock()
	defer s.mu.Unlock()
	put(s.held, l)
	return &redisGrant{store: s, lease: l, local: local}
}

// refusal is what Redis' verdict means; nil for an admission.
func refusal(reply []any, bounds Tenant) error {
	switch verdict := word(reply, 0); verdict {
	case "ok":
		return nil
	case "duplicate":
		return &DuplicateError{First: First{
			GenerationID: word(reply, 1), RecordID: word(reply, 2), State: State(word(reply, 3)),
		}}
	case "many":
		return tooMany(bounds)
	case "rate":
		return &RateError{PerMinute: bounds.GenerationsPerMinute, RetryAfter: milliseconds(reply, 1)}
	case "keys":
		return &RateError{RetryAfter: milliseconds(reply, 1)}
	default:
		return fmt.Errorf("unknown verdict %q of the script", verdict)
	}
}

// word is a string of a reply, or empty.
func word(reply []any, i int) string {
	if i >= len(reply) {
		return ""
	}
	s, _ := reply[i].(string)
	return s
}

// whole is a number of a reply, or 0.
func whole(reply []any, i int) int64 {
	if i >= len(reply) {
		return 0
	}
	n, _ := reply[i].(int64)
	return n
}

// longestWait is the longest that a reply is believed to ask for. Rates are by the minute, and keys are kept for a day.
const longestWait = 24 * time.Hour

func milliseconds(reply []any, i int) time.Duration {
	return time.Duration(min(max(whole(reply, i), 1), longestWait.Milliseconds())) * time.Millisecond
}

// redisGrant is one admission.
type redisGrant struct {
	store *admissions
	lease *lease
	local Grant
	once  sync.Once
}

// Heard implements Grant. Redis is told soon, together with what else was heard.
func (g *redisGrant) Heard() {
	s := g.store
	s.mu.Lock()
	news := !g.lease.heard && g.lease.admission.IdempotencyKey != "" && s.held[g.lease.admission.Tenant][g.lease.admission.RecordID] == g.lease
	g.lease.heard = true
	if news {
		put(s.unheard, g.lease)
	}
	s.mu.Unlock()
	if news {
		s.wake()
	}
}

// Settle implements Grant. Where Redis is away, it is told when it is back.
func (g *redisGrant) Settle(ctx context.Context, end State, heard bool) (err error) {
	g.once.Do(func() {
		_ = g.local.Settle(ctx, end, heard) // never fails
		err = g.store.settle(ctx, g.lease, end, heard)
	})
	return err
}

func (s *admissions) settle(ctx context.Context, l *lease, end State, heard bool) error {
	a := l.admission
	s.mu.Lock()
	drop(s.held, l)
	drop(s.unheard, l)
	s.mu.Unlock()
	ended := settlement{a, end, heard}
	if _, err := s.link.ask(ctx, a.Tenant, s.settleCall(ended)); err == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unsettled) >= maxUnsettled {
		return errUnsettled
	}
	s.unsettled = append(s.unsettled, ended)
	return nil
}

func (s *admissions) settleCall(e settlement) call {
	a := e.admission
	return call{s.scripts.settle, s.keys.admissions(a.Tenant), []any{
		a.RecordID, s.secret.hash(a), string(e.end), flag(e.heard), a.Window.Milliseconds(), a.GenerationID,
	}}
}

// wake makes the keeper look. It never blocks.
func (s *admissions) wake() {
	select {
	case s.hurry <- struct{}{}:
	default:
	}
}

// put adds a lease to those of its tenant.
func put(leases map[string]map[string]*lease, l *lease) {
	ofTenant := leases[l.admission.Tenant]
	if ofTenant == nil {
		ofTenant = make(map[string]*lease)
		leases[l.admission.Tenant] = ofTenant
	}
	ofTenant[l.admission.RecordID] = l
}

// drop takes a lease from those of its tenant.
func drop(leases map[string]map[string]*lease, l *lease) {
	ofTenant := leases[l.admission.Tenant]
	delete(ofTenant, l.admission.RecordID)
	if len(ofTenant) == 0 {
		delete(leases, l.admission.Tenant)
	}
}
