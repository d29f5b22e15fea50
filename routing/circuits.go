package routing

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"voicerelay/upstream"
)

// How long a provider rests that said that it is asked too much: where it did not say for how long, and at most, lest a
// mistaken header take it away for a day.
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
	voices   map[Candidate]*breaker // of voices that were silent
	cooldown map[string]time.Time   // by provider, since a rate is the account's
}

// NewCircuits is a set of circuits that are all closed.
func NewCircuits(cfg CircuitConfig, changed func(Target, State)) *Circuits {
	return &Circuits{
		cfg: cfg, changed: changed,
		targets: make(map[Target]*breaker), voices: make(map[Candidate]*breaker), cooldown: make(map[string]time.Time),
	}
}

// Trial is an attempt at a target: with which voice, and on whose behalf.
type Trial struct {
	Candidate
	Tenant string
}

// Verdict is told once, when an attempt is over: nil for one that spoke, its error for one that failed. An
// attempt that says nothing about the target (a cancel, a request that was at fault itself) gives ErrUndecided.
// It must be told, since a circuit that is half open waits for it.
type Verdict func(err error)

// ErrUndecided is the verdict of an attempt that says nothing about its target.
var ErrUndecided = errors.New("undecided")

// errSilent is the verdict on a voice, or on a target of which several are silent.
var errSilent = errors.New("silent")

// Allow lets an attempt pass, or reports false where the target is to be left alone.
func (c *Circuits) Allow(t Trial) (Verdict, bool) {
	if c.cooling(t.Provider) {
		return nil, false
	}
	target := c.target(t.Target)
	tellTarget, err := target.Allow()
	if err != nil {
		return nil, false
	}
	tellVoice, ok := c.allowVoice(t.Candidate)
	if !ok {
		tellTarget(ErrUndecided)
		return nil, false
	}
	var once sync.Once
	return func(err error) {
		once.Do(func() {
			c.cool(t.Provider, err)
			tellVoice(err)
			if upstream.Policies[kindOf(err)].PerVoice && target.silentVoice(t.Voice) {
				err = errSilent
			}
			target.judge(t.Tenant, err, tellTarget)
		})
	}, true
}

// Resting reports whether a target would be left alone now.
func (c *Circuits) Resting(t Candidate) bool {
	if c.cooling(t.Provider) || c.State(t.Target) == Open {
		return true
	}
	c.mu.Lock()
	b := c.voices[t]
	c.mu.Unlock()
	return b != nil && stateOf(b.State()) == Open
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

func (c *Circuits) target(t Target) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.targets[t]
	if b == nil {
		b = c.newBreaker(fmt.Sprintf("%s/%s", t.Provider, t.Model), func(s State) { c.changed(t, s) })
		c.targets[t] = b
	}
	return b
}

// allowVoice asks the circuit of a voice at its target, where it has one, and tells it of silence and of speech. A
// voice has one from its first silence on.
func (c *Circuits) allowVoice(v Candidate) (Verdict, bool) {
	c.mu.Lock()
	b := c.voices[v]
	c.mu.Unlock()
	tell := func(error) {}
	if b != nil {
		var err error
		if tell, err = b.Allow(); err != nil {
			return nil, false
		}
	}
	return func(err error) {
		silent := upstream.Policies[kindOf(err)].PerVoice
		switch {
		case silent && b == nil:
			c.firstSilence(v)
		case silent:
			tell(errSilent)
		case err == nil:
			tell(nil)
		default:
			tell(ErrUndecided)
		}
	}, true
}

// firstSilence gives a voice its circuit, with a failure in it.
func (c *Circuits) firstSilence(v Candidate) {
	c.mu.Lock()
	b := c.voices[v]
	if b == nil {
		b = c.newBreaker(fmt.Sprintf("%s/%s/%s", v.Provider, v.Model, v.Voice), func(State) {})
		c.voices[v] = b
	}
	c.mu.Unlock()
	if tell, err := b.Allow(); err == nil {
		tell(errSilent)
	}
}

// kindOf is the kind of a failure; none for what says nothing of the target.
func kindOf(err error) upstream.Kind {
	if err == nil || errors.Is(err, ErrUndecided) {
		return upstream.Canceled
	}
	return upstream.KindOf(err)
}

// cool lets a provider rest that says that it is asked too much. What its adapter itself refused, for want of room,
// bears no code of the vendor's and is no reason.
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
