package routing

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"voicerelay/upstream"
)

// How long a provider is left alone after it answered "too many requests": without a Retry-After, and at most, so that a
// mistaken header does not take it away for a day.
const (
	usualCooldown   = time.Second
	longestCooldown = 10 * time.Minute
)

// Circuits say which targets are left alone, and for how long. It is safe for concurrent use.
type Circuits struct {
	cfg     CircuitConfig
	changed func(Target, State) // called when a circuit changes; must not block, nor ask the circuits

	mu       sync.Mutex // guards what follows
	targets  map[Target]*breaker
	voices   map[Candidate]*breaker  // of voices that were silent
	speakers map[Candidate]sightings // the tenants that had a verdict on a voice, silent or not
	cooldown map[string]time.Time    // by provider, since a rate is the account's
}

// NewCircuits is a set of circuits that are all closed.
func NewCircuits(cfg CircuitConfig, changed func(Target, State)) *Circuits {
	return &Circuits{
		cfg: cfg, changed: changed,
		targets: make(map[Target]*breaker), voices: make(map[Candidate]*breaker), speakers: make(map[Candidate]sightings),
		cooldown: make(map[string]time.Time),
	}
}

// Trial is an attempt at a target: with which voice, and on whose behalf.
type Trial struct {
	Candidate
	Tenant string
}

// Resting says why a target would be left alone now; empty: it would not.
func (c *Circuits) Resting(t Candidate) Why {
	if c.cooling(t.Provider) {
		return Throttled
	}
	if c.State(t.Target) == Open {
		return CircuitOpen
	}
	if b := c.voice(t); b != nil && stateOf(b.State()) == Open {
		return CircuitOpen
	}
	return ""
}

// State is how a target's circuit stands.
func (c *Circuits) State(t Target) State {
	c.mu.Lock()
	b := c.targets[t]
	c.mu.Unlock()
	if b == nil {
		return Closed
	}
	return stateOf(b.State())
}

// Standing is how a circuit stands.
type Standing struct {
	State State
	// Since is when it came to stand so; zero: it was never otherwise. Retry is when an open one is tried again; zero: it is not open.
	Since, Retry time.Time
}

// Standing is how a target's circuit stands, and since when.
func (c *Circuits) Standing(t Target) Standing {
	c.mu.Lock()
	b := c.targets[t]
	c.mu.Unlock()
	if b == nil {
		return Standing{State: Closed}
	}
	standing := Standing{State: stateOf(b.State())} // first: it may change by being asked
	standing.Since = b.changedAt()
	if standing.State == Open {
		standing.Retry = standing.Since.Add(c.cfg.OpenFor)
	}
	return standing
}

// newBreaker is a closed circuit.
func (c *Circuits) newBreaker(name string, changed func(State)) *breaker {
	b := &breaker{window: c.cfg.Window, tenants: sightings{}, failing: sightings{}, silent: sightings{}}
	b.TwoStepCircuitBreaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         name,
		MaxRequests:  uint32(c.cfg.HalfOpen),
		Interval:     c.cfg.Window,
		BucketPeriod: c.cfg.Window / windowBuckets,
		Timeout:      c.cfg.OpenFor,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return b.opens() || c.cfg.tripped(n) && b.agreed() },
		IsExcluded:   undecided,
		OnStateChange: func(_ string, _, to gobreaker.State) {
			b.change()
			changed(stateOf(to))
		},
	})
	return b
}

func (c *Circuits) target(t Target) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.targets[t]
	if b == nil {
		makeRoom(c.targets, time.Now().Add(-c.cfg.Window))
		b = c.newBreaker(fmt.Sprintf("%s/%s", t.Provider, t.Model), func(s State) { c.changed(t, s) })
		c.targets[t] = b
	}
	return b
}

// voice is the circuit of a voice at its target, or nil: a voice has one from its first silence on.
func (c *Circuits) voice(v Candidate) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.voices[v]
}

// silentVoice is the circuit of a voice that said nothing. It knows of the tenants for whom the voice spoke before.
func (c *Circuits) silentVoice(v Candidate) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.voices[v]
	if b == nil {
		makeRoom(c.voices, time.Now().Add(-c.cfg.Window))
		b = c.newBreaker(fmt.Sprintf("%s/%s/%s", v.Provider, v.Model, v.Voice), func(State) {})
		maps.Copy(b.tenants, c.speakers[v])
		c.voices[v] = b
		delete(c.speakers, v)
	}
	return b
}

// maxBreakers bounds the circuits of a provider's targets, and those of its voices. It is beyond those of any configuration,
// while clients may name any number of raw ones.
const maxBreakers = 512

// makeRoom makes room for one more circuit. It forgets those that were not used since, whose counts are worthless by now; if
// there are none, any closed one, which only has to count again; if there are none of these, any.
func makeRoom[K comparable](all map[K]*breaker, since time.Time) {
	if len(all) < maxBreakers {
		return
	}
	maps.DeleteFunc(all, func(_ K, b *breaker) bool { return b.unused(since) })
	if len(all) < maxBreakers {
		return
	}
	var victim K
	for name, b := range all {
		victim = name
		if b.State() == gobreaker.StateClosed {
			break
		}
	}
	delete(all, victim)
}

// maxSpeakers is how many voices without a circuit are remembered with their tenants: beyond the voices of any
// configuration, while clients may name any number of raw ones.
const maxSpeakers = 1024

// spoke notes for which tenant a voice without a circuit spoke.
func (c *Circuits) spoke(t Trial, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.voices[t.Candidate] != nil {
		return
	}
	seen := c.speakers[t.Candidate]
	if seen == nil {
		if len(c.speakers) >= maxSpeakers {
			c.forgetSpeakersLocked(now.Add(-c.cfg.Window))
		}
		seen = sightings{}
		c.speakers[t.Candidate] = seen
	}
	seen.see(t.Tenant, now)
}

// forgetSpeakersLocked forgets voices that were not used since, and all if that leaves no room.
func (c *Circuits) forgetSpeakersLocked(since time.Time) {
	maps.DeleteFunc(c.speakers, func(_ Candidate, seen sightings) bool { return seen.since(since) == 0 })
	if len(c.speakers) >= maxSpeakers {
		clear(c.speakers)
	}
}

// cool leaves a provider alone for a while after it answered "too many requests". If its own adapter refused because it
// had no room, there is no code of the vendor's and no reason for that.
func (c *Circuits) cool(provider string, err error) {
	var failure *upstream.Error
	if !errors.As(err, &failure) || !upstream.Policies[failure.Kind].CoolsDown || failure.Code == "" && failure.RetryAfter == 0 {
		return
	}
	rest := failure.RetryAfter
	if rest == 0 {
		rest = usualCooldown
	}
	until := time.Now().Add(min(rest, longestCooldown))
	c.mu.Lock()
	defer c.mu.Unlock()
	if until.After(c.cooldown[provider]) {
		c.cooldown[provider] = until
	}
}

func (c *Circuits) cooling(provider string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Before(c.cooldown[provider])
}
