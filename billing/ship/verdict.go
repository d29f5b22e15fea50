package ship

import "fmt"

// Verdict is what a comparison of a ledger with Redis found.
type Verdict struct {
	// Records were compared; Hours had their sums made again.
	Records, Hours int64
	// Faults says what does not agree, at most maxFaults of it.
	Faults []string
	// More counts the faults that are not listed.
	More int64
}

// maxFaults keeps a thoroughly broken Redis from filling memory.
const maxFaults = 100

type verifier struct {
	reports *Reports
	out     Outbox
	since   int64           // first hour that has not been over for the retention
	lists   map[string]bool // that the records name
	verdict Verdict
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.verdict.Faults) == maxFaults {
		v.verdict.More++
		return
	}
	v.verdict.Faults = append(v.verdict.Faults, fmt.Sprintf(format, args...))
}

// ledgerError says that the ledger could not be read, rather than Redis.
type ledgerError struct{ err error }

func (e *ledgerError) Error() string { return "read the ledger: " + e.err.Error() }
func (e *ledgerError) Unwrap() error { return e.err }
