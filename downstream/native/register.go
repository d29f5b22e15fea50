package native

import (
	"slices"
	"time"

	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/position"
	"voicerelay/routing"
)

// Bounds on what a connection remembers.
const (
	keptEnded   = 64               // generations whose spoken can still be asked for
	keptSteps   = 32 << 10         // of all their extents, 12 bytes each: the longest text has some 4,000
	keptFor     = 10 * time.Minute // after their end
	maxContexts = 64
	contextLife = 5 * time.Minute // after its last generation
)

// register is what a session knows of its generations and contexts. It is guarded by the session's mutex.
type register struct {
	running  map[string]*relay.Generation
	places   map[string]turnOf // of those that are of a context
	contexts map[string]*conversation
	ended    []endedGeneration // oldest first
	quiet    time.Time         // when a generation was last taken out

	accepted limits.Seen // ids that are used up
	named    limits.Seen // ids that were given to a generate, refused ones too
	groups   limits.Seen // contexts that were named
}

// turnOf is a generation's place in its context, in the order of coming.
type turnOf struct {
	context string
	place   int
}

// later are the generations that come after one in its context.
func (r *register) later(id string) []string {
	of := r.places[id]
	var ids []string
	for other, t := range r.places {
		if t.context == of.context && t.place > of.place {
			ids = append(ids, other)
		}
	}
	return ids
}

// conversation is a context: generations that are spoken in order.
type conversation struct {
	turn    delivery.Turn
	heard   routing.Target // that the latest generation with audio speaks by, for the next to stay with
	by      int            // that generation's place
	places  int            // given to generations so far
	running int            // generations of it
	last    time.Time      // when the last one ended
}

// stay has the context stay with the target of the generation at a place, unless a later one has spoken already.
func (c *conversation) stay(place int, heard routing.Target) {
	if place >= c.by {
		c.by, c.heard = place, heard
	}
}

// endedGeneration is what must be known to say how far a caller heard.
type endedGeneration struct {
	id     string
	at     time.Time
	extent position.Extent
}

// add enters a generation. The contexts that have outlived their use make room.
func (r *register) add(g *relay.Generation) {
	if r.running == nil {
		r.running = make(map[string]*relay.Generation)
	}
	r.running[g.ID()] = g
	if c := r.contexts[g.ContextID()]; c != nil {
		c.running++
		c.places++
		if r.places == nil {
			r.places = make(map[string]turnOf)
		}
		r.places[g.ID()] = turnOf{g.ContextID(), c.places}
	}
}

// context returns a context, made where it is new. It reports false where too many are in use.
func (r *register) context(id string, now time.Time) (*conversation, bool) {
	if c := r.contexts[id]; c != nil {
		return c, true
	}
	for other, c := range r.contexts {
		if c.running == 0 && now.Sub(c.last) > contextLife {
			delete(r.contexts, other)
		}
	}
	if len(r.contexts) >= maxContexts && !r.evictContext() {
		return nil, false
	}
	if r.contexts == nil {
		r.contexts = make(map[string]*conversation)
	}
	c := &conversation{last: now}
	r.contexts[id] = c
	return c, true
}

// evictContext forgets the context that has been quiet for longest.
func (r *register) evictContext() bool {
	oldest := ""
	for id, c := range r.contexts {
		if c.running == 0 && (oldest == "" || c.last.Before(r.contexts[oldest].last)) {
			oldest = id
		}
	}
	delete(r.contexts, oldest)
	return oldest != ""
}

// remove takes out a generation that has ended or was refused.
func (r *register) remove(g *relay.Generation, now time.Time) {
	if r.running[g.ID()] != g {
		return
	}
	delete(r.running, g.ID())
	delete(r.places, g.ID())
	r.quiet = now
	if c := r.contexts[g.ContextID()]; c != nil {
		c.running--
		c.last = now
	}
}

// keep remembers an ended generation for a while. The oldest make room; the last is kept whatever it takes.
func (r *register) keep(id string, reached position.Extent, now time.Time) {
	r.prune(now)
	r.ended = append(r.ended, endedGeneration{id: id, at: now, extent: reached})
	steps := 0
	for _, e := range r.ended {
		steps += len(e.extent.Steps)
	}
	for len(r.ended) > 1 && (len(r.ended) > keptEnded || steps > keptSteps) {
		steps -= len(r.ended[0].extent.Steps)
		r.ended = slices.Delete(r.ended, 0, 1)
	}
}

// prune forgets what has been kept for long enough.
func (r *register) prune(now time.Time) {
	r.ended = slices.DeleteFunc(r.ended, func(e endedGeneration) bool { return now.Sub(e.at) > keptFor })
	if len(r.ended) == 0 {
		r.ended = nil // its array too
	}
}

// past is how far a generation reached that has ended and is still remembered.
func (r *register) past(id string, now time.Time) (reached position.Extent, ok bool) {
	for _, e := range slices.Backward(r.ended) {
		if e.id == id && now.Sub(e.at) <= keptFor {
			return e.extent, true
		}
	}
	return position.Extent{}, false
}
