package routing

import (
	"errors"
	"fmt"
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
