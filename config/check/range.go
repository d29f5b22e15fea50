// Package check has what several packages need to check their own part of the configuration. It imports nothing of ours.
package check

import (
	"fmt"
	"time"
)

// Range reports a field, by its name in the configuration, that is less than least or more than most.
func Range[N int | float64 | time.Duration](report func(field, reason string), field string, got, least, most N) {
	if got < least || got > most {
		report(field, fmt.Sprintf("must be %v to %v, not %v", least, most, got))
	}
}
