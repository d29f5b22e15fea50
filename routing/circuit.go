package routing

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"voicerelay/upstream"
)

// CircuitConfig is when a failing target is left alone, and for how long.
type CircuitConfig struct {
	// ConsecutiveFailures open the circuit; 5.
	ConsecutiveFailures int `yaml:"consecutive_failures"`
	// FailureRatio opens it too, of at least MinRequests within Window; 0.5, 10, 30s.
	FailureRatio float64       `yaml:"failure_ratio"`
	MinRequests  int           `yaml:"min_requests"`
	Window       time.Duration `yaml:"window"`
	// OpenFor is how long the target rests; 15s.
	OpenFor time.Duration `yaml:"open_for"`
	// HalfOpen is how many generations try it then; 1.
	HalfOpen int `yaml:"half_open"`
}

// DefaultCircuit is the circuit of a target where the configuration says nothing.
func DefaultCircuit() CircuitConfig {
	return CircuitConfig{
		ConsecutiveFailures: 5,
		FailureRatio:        0.5,
		MinRequests:         10,
		Window:              30 * time.Second,
		OpenFor:             15 * time.Second,
		HalfOpen:            1,
	}
}

// Validate reports each field that is out of range, by its name in the configuration.
func (cfg CircuitConfig) Validate(report func(field, reason string)) {
	checkCount(report, "consecutive_failures", cfg.ConsecutiveFailures, 1000)
	checkCount(report, "min_requests", cfg.MinRequests, 100_000)
	checkCount(report, "half_open", cfg.HalfOpen, 100)
	checkPeriod(report, "window", cfg.Window)
	checkPeriod(report, "open_for", cfg.OpenFor)
	if cfg.FailureRatio < 0.01 || cfg.FailureRatio > 1 {
		report("failure_ratio", fmt.Sprintf("must be 0.01 to 1, not %v", cfg.FailureRatio))
	}
}

func checkPeriod(report func(field, reason string), field string, got time.Duration) {
	const least, most = 100 * time.Millisecond, time.Hour
	if got < least || got > most {
		report(field, fmt.Sprintf("must be %s to %s, not %s", least, most, got))
	}
}

// windowBuckets is how finely the window of the failure ratio rolls.
const windowBuckets = 10

// State is how a circuit stands.
type State string

// The states of a circuit, worst last.
const (
	Closed   State = "closed"    // the target is used
	HalfOpen State = "half_open" // a few try whether it is well again
	Open     State = "open"      // it is left alone
)

// Circuits has a breaker for each target that was tried. It is safe for concurrent use.
type Circuits struct {
	cfg     CircuitConfig
	changed func(Target, State) // called when a circuit changes; must not block, nor ask the circuits

	mu       sync.Mutex // guards breakers
	breakers map[Target]*breaker
}

// breaker is one target's. Its verdicts come late, so it is of the two-step kind.
type breaker struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	hopeless atomic.Bool // the last failure is one that only an operator mends
}

// NewCircuits is a set of circuits that are all closed.
func NewCircuits(cfg CircuitConfig, changed func(Target, State)) *Circuits {
	return &Circuits{cfg: cfg, changed: changed, breakers: make(map[Target]*breaker)}
}

// Verdict is told once, when an attempt is over: nil for one that spoke, its error for one that failed. An
// attempt that says nothing about the target (a cancel, a request that was at fault itself) gives ErrUndecided.
// It must be told, since a circuit that is half open waits for it.
type Verdict func(err error)

// ErrUndecided is the verdict of an attempt that says nothing about its target.
var ErrUndecided = errors.New("undecided")

// Allow lets an attempt at a target pass, or reports false where its circuit is open.
func (c *Circuits) Allow(t Target) (Verdict, bool) {
	b := c.breaker(t)
	done, err := b.Allow()
	if err != nil {
		return nil, false
	}
	var once sync.Once
	return func(err error) {
		once.Do(func() {
			b.hopeless.Store(err != nil && upstream.Policies[upstream.KindOf(err)].Opens)
			done(err)
		})
	}, true
}

// State is how a target's circuit stands.
func (c *Circuits) State(t Target) State {
	c.mu.Lock()
	b := c.breakers[t]
	c.mu.Unlock()
	if b == nil {
		return Closed
	}
	return stateOf(b.State())
}

func (c *Circuits) breaker(t Target) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.breakers[t]
	if b == nil {
		b = c.newBreaker(t)
		c.breakers[t] = b
	}
	return b
}

func (c *Circuits) newBreaker(t Target) *breaker {
	b := &breaker{}
	b.TwoStepCircuitBreaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         fmt.Sprintf("%s/%s", t.Provider, t.Model),
		MaxRequests:  uint32(c.cfg.HalfOpen),
		Interval:     c.cfg.Window,
		BucketPeriod: c.cfg.Window / windowBuckets,
		Timeout:      c.cfg.OpenFor,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return b.hopeless.Load() || c.cfg.tripped(n) },
		IsExcluded:   undecided,
		OnStateChange: func(_ string, _, to gobreaker.State) {
			c.changed(t, stateOf(to))
		},
	})
	return b
}

// tripped reports whether failures are enough to open a circuit.
func (cfg CircuitConfig) tripped(n gobreaker.Counts) bool {
	if int(n.ConsecutiveFailures) >= cfg.ConsecutiveFailures {
		return true
	}
	decided := n.TotalSuccesses + n.TotalFailures
	return int(decided) >= cfg.MinRequests && float64(n.TotalFailures) >= cfg.FailureRatio*float64(decided)
}

// undecided reports whether a verdict counts neither way.
func undecided(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, ErrUndecided) {
		return true
	}
	policy := upstream.Policies[upstream.KindOf(err)]
	return !policy.Trips && !policy.Opens
}

func stateOf(s gobreaker.State) State {
	switch s {
	case gobreaker.StateOpen:
		return Open
	case gobreaker.StateHalfOpen:
		return HalfOpen
	default:
		return Closed
	}
}
