package conversations

import (
	"container/list"
	"context"
	"sync"
	"time"

	"voicerelay/routing"
)

// mostPerTenant bounds the conversations of a tenant, which takes some 300 bytes for each: more than any tenant has within
// the usual ten minutes.
const mostPerTenant = 20_000

// ID is a conversation: the client's name for a call, within its tenant.
type ID struct{ Tenant, Name string }

// Heard is which target was heard in a conversation.
type Heard struct {
	Target routing.Target
	// Asked is when the generation that it speaks was asked for.
	Asked time.Time
}

// Registry is the conversations that a relay knows. It is safe for concurrent use. The zero value shares nothing.
type Registry struct {
	// Shared is what other relays know; nil: there are none. It is set before the first use.
	Shared *Shared

	mu      sync.Mutex
	tenants map[string]*calls
}

// calls are a tenant's conversations.
type calls struct {
	byName map[string]*list.Element
	order  *list.List // of *call, the quietest first
}

type call struct {
	name  string
	heard Heard
	until time.Time
}

// Last is what was heard last in a conversation, as far as this relay knows. The zero value: nothing.
func (r *Registry) Last(id ID, now time.Time) Heard {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.tenants[id.Tenant]
	if of == nil {
		return Heard{}
	}
	of.forget(now)
	if e := of.byName[id.Name]; e != nil {
		if c := e.Value.(*call); !now.After(c.until) {
			return c.heard
		}
	}
	return Heard{}
}

// Note notes what is heard in a conversation, which is forgotten after a while without another note.
func (r *Registry) Note(id ID, h Heard, now time.Time, kept time.Duration) {
	if r.note(id, h, now, kept) && r.Shared != nil {
		r.Shared.put(id, h, kept)
	}
}

// note reports false where a later generation was heard before.
func (r *Registry) note(id ID, h Heard, now time.Time, kept time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tenants == nil {
		r.tenants = make(map[string]*calls)
	}
	of := r.tenants[id.Tenant]
	if of == nil {
		of = &calls{byName: make(map[string]*list.Element), order: list.New()}
		r.tenants[id.Tenant] = of
	}
	of.forget(now)
	e := of.byName[id.Name]
	if e == nil {
		e = of.order.PushBack(&call{name: id.Name})
		of.byName[id.Name] = e
		if of.order.Len() > mostPerTenant {
			of.remove(of.order.Front())
		}
	}
	c := e.Value.(*call)
	of.order.MoveToBack(e)
	c.until = now.Add(kept)
	if h.Asked.Before(c.heard.Asked) {
		return false
	}
	c.heard = h
	return true
}

// forget removes those at the front whose time is over. Where a key keeps them for longer than another, some stay beyond it, until those
// before them go.
func (of *calls) forget(now time.Time) {
	for e := of.order.Front(); e != nil && now.After(e.Value.(*call).until); e = of.order.Front() {
		of.remove(e)
	}
}

func (of *calls) remove(e *list.Element) {
	delete(of.byName, e.Value.(*call).name)
	of.order.Remove(e)
}

// ask is Last, of all relays. It waits for them at most Patience.
func (r *Registry) ask(ctx context.Context, id ID, now time.Time) Heard {
	own := r.Last(id, now)
	if other := r.Shared.get(ctx, id); other.Asked.After(own.Asked) {
		return other
	}
	return own
}
