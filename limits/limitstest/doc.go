// Package limitstest is the suite that every limits.Store passes.
//
// Invariant: a case knows nothing of a store but its contract, and lets time pass through its Fixture alone.
package limitstest
