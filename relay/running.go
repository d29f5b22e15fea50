package relay

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// runningSet is the generations under way, by their record's id. It is safe for concurrent use.
type runningSet struct {
	mu  sync.Mutex
	all map[string]*Generation // guarded by mu
}

// enter has a generation be among them until leave.
func (r *runningSet) enter(g *Generation) (leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[string]*Generation)
	}
	r.all[g.recordID] = g
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.all, g.recordID)
	}
}

// current are all of them, the one that began last first.
func (r *runningSet) current() []*Generation {
	r.mu.Lock()
	all := make([]*Generation, 0, len(r.all))
	for _, g := range r.all {
		all = append(all, g)
	}
	r.mu.Unlock()
	slices.SortFunc(all, func(a, b *Generation) int {
		return cmp.Or(b.began.Compare(a.began), cmp.Compare(a.recordID, b.recordID))
	})
	return all
}

// Status is how a generation stands that is under way. It has nothing of its text.
type Status struct {
	RecordID, GenerationID, ContextID, SessionID string
	Tenant, Key, Dialect, Route                  string
	// Provider and Model are the target that speaks now, or else that was tried last; empty: none yet.
	Provider, Model string
	// Attempts are those so far, Characters the length of the text so far.
	Attempts, Characters int
	// Sent is how much audio the client has taken.
	Sent  time.Duration
	Began time.Time
}

// Running are the generations under way at a time.
type Running struct {
	// Total is how many they are, Tenants how many of each tenant.
	Total   int
	Tenants map[string]int
	// Latest tells of those that began last, the last one first.
	Latest []Status
}

// Running tells of the generations under way, of at most so many one by one.
func (e *Engine) Running(most int) Running {
	all := e.running.current()
	told := Running{Total: len(all), Tenants: make(map[string]int)}
	for i, g := range all {
		told.Tenants[g.req.Key.Tenant]++
		if i < most {
			told.Latest = append(told.Latest, g.status())
		}
	}
	return told
}

// RunningCount is how many generations are under way.
func (e *Engine) RunningCount() int {
	e.running.mu.Lock()
	defer e.running.mu.Unlock()
	return len(e.running.all)
}

// Stop ends the generation with a record's id from our side. It reports false where there is none that runs.
func (e *Engine) Stop(recordID string, cause *StopCause) bool {
	e.running.mu.Lock()
	g := e.running.all[recordID]
	e.running.mu.Unlock()
	return g != nil && g.Stop(cause)
}

// status is how the generation stands.
func (g *Generation) status() Status {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	s := Status{
		RecordID: g.recordID, GenerationID: g.req.id, ContextID: g.req.contextID, SessionID: g.client.ID,
		Tenant: g.req.Key.Tenant, Key: g.req.Key.Name, Dialect: g.req.metadata["dialect"], Route: g.req.plan.Route,
		Attempts: len(g.attempts.all), Characters: g.in.Text().Len(), Sent: g.out.sent(), Began: g.began,
	}
	if now := g.attempts.speakerLocked(); now != nil {
		s.Provider, s.Model = now.target.Provider, now.target.Model
	}
	return s
}

// speakerLocked is the attempt that is heard, else the latest; nil: there is none yet.
func (as *attempts) speakerLocked() *attempt {
	switch {
	case as.active != nil:
		return as.active
	case len(as.all) > 0:
		return as.all[len(as.all)-1]
	}
	return as.lastSpoke
}
