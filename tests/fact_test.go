package tests

import (
	"slices"
	"testing"
)

// same compares one fact with what is expected of it, so that a failure names the fact.
func same[T comparable](t testing.TB, fact string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", fact, got, want)
	}
}

// value is what an optional field says; empty where it is null.
func value(field *string) string {
	if field == nil {
		return ""
	}
	return *field
}

// outcomes are who made a generation's attempts, how each ended and by which code, such as "ill failed dropped".
func outcomes(attempts []attempt) (all []string) {
	for _, a := range attempts {
		outcome := a.Provider + " " + a.Outcome
		if a.Code != "" {
			outcome += " " + a.Code
		}
		all = append(all, outcome)
	}
	return all
}

// wantOutcomes compares a generation's attempts with those that are expected.
func wantOutcomes(t testing.TB, attempts []attempt, want ...string) {
	t.Helper()
	if got := outcomes(attempts); !slices.Equal(got, want) {
		t.Fatalf("attempts: got %q, want %q", got, want)
	}
}
