package routing

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"voicerelay/config/check"
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

// Bounds of the circuit's times. A shorter window has no ratio worth the name, and a longer rest outlasts most outages.
const (
	leastPeriod = 100 * time.Millisecond
	mostPeriod  = time.Hour
)

// Validate reports each field that is out of range, by its name in the configuration.
func (cfg CircuitConfig) Validate(report func(field, reason string)) {
	check.Range(report, "consecutive_failures", cfg.ConsecutiveFailures, 1, 1000)
	check.Range(report, "min_requests", cfg.MinRequests, 1, 100_000)
	check.Range(report, "half_open", cfg.HalfOpen, 1, 100)
	check.Range(report, "window", cfg.Window, leastPeriod, mostPeriod)
	check.Range(report, "open_for", cfg.OpenFor, leastPeriod, mostPeriod)
	check.Range(report, "failure_ratio", cfg.FailureRatio, 0.01, 1)
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

// tripped reports whether failures are enough to open a circuit.
func (cfg CircuitConfig) tripped(n gobreaker.Counts) bool {
	if int(n.ConsecutiveFailures) >= cfg.ConsecutiveFailures {
		return true
	}
	decided := n.TotalSuccesses + n.TotalFailures
	return int(decided) >= cfg.MinRequests && float64(n.TotalFailures) >= cfg.FailureRatio*float64(decided)
}

// ErrUndecided is the verdict of an attempt that says nothing about its target.
var ErrUndecided = errors.New("undecided")

// errSilent is the verdict on a voice, or on a target of which several are silent.
var errSilent = errors.New("silent")

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

// kindOf is the kind of a failure; none for what says nothing of the target.
func kindOf(err error) upstream.Kind {
	if err == nil || errors.Is(err, ErrUndecided) {
		return upstream.Canceled
	}
	return upstream.KindOf(err)
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
