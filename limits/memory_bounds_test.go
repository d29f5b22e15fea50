package limits

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestMemoryRefusesKeysBeyondItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		m.maxKeys = 2
		for _, key := range []string{"a", "b"} {
			grant := mustAdmit(t, m, key)
			settleGrant(t, grant, true)
			time.Sleep(time.Minute)
		}
		_, err := m.Admit(t.Context(), Admission{Tenant: "t", IdempotencyKey: "c", Window: time.Hour})
		var refusal *RateError
		if !errors.As(err, &refusal) {
			t.Fatalf("Admit = %v, want a *RateError", err)
		}
		if strings.Contains(err.Error(), "0 generations") {
			t.Errorf("Error() = %q speaks of a rate that is not set", err)
		}
		time.Sleep(refusal.RetryAfter)
		mustAdmit(t, m, "c")
	})
}

func TestMemoryForgetsIdleTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		for i := range 100 {
			a := Admission{Tenant: fmt.Sprint(i), Limits: Tenant{GenerationsPerMinute: 60}, Window: time.Hour}
			grant, err := m.Admit(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second) // the bucket fills up again
			settleGrant(t, grant, true)
		}
		if got := len(m.tenants); got != 0 {
			t.Errorf("%d tenants are remembered, want none", got)
		}
	})
}

func TestMemoryKeepsNoKeyInTheClear(t *testing.T) {
	m := NewMemory()
	mustAdmit(t, m, "customer-4711")
	for hash := range m.tenants["t"].claims {
		if strings.Contains(string(hash[:]), "4711") {
			t.Errorf("the key is stored in the clear")
		}
	}
	if hashKey(m.secret[:], "t", "k") == hashKey(NewMemory().secret[:], "t", "k") {
		t.Errorf("two stores hash a key alike, so the hash is not keyed")
	}
	if hashKey(m.secret[:], "a", "bc") == hashKey(m.secret[:], "ab", "c") {
		t.Errorf("tenant and key run together in the hash")
	}
}

// step is a move in a random history: an admission, a settlement, or time that passes.
type step struct {
	admit, settle, heard bool
	key                  string
	length               time.Duration
}

func drawStep(r *rapid.T) step {
	kind := rapid.IntRange(0, 2).Draw(r, "kind")
	return step{
		admit: kind == 0, settle: kind == 1, heard: rapid.Bool().Draw(r, "heard"),
		key:    fmt.Sprint(rapid.IntRange(0, 9).Draw(r, "key")),
		length: time.Duration(rapid.IntRange(1, 90).Draw(r, "minutes")) * time.Minute,
	}
}

// The heap and the map hold the same claims, each at its index, whatever happens.
func TestMemoryKeepsItsClaimsInStep(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 60).Draw(r, "steps")
		fault := "" // carried out of the bubble, since rapid unwinds by panics
		synctest.Test(t, func(t *testing.T) { fault = claimsOutOfStep(t, steps) })
		if fault != "" {
			r.Fatal(fault)
		}
	})
}

func claimsOutOfStep(t *testing.T, steps []step) string {
	m := NewMemory()
	var open []Grant
	for _, s := range steps {
		switch {
		case s.admit:
			a := Admission{Tenant: "t", IdempotencyKey: s.key, Window: s.length}
			if grant, err := m.Admit(t.Context(), a); err == nil {
				open = append(open, grant)
			}
		case !s.settle:
			time.Sleep(s.length)
		case len(open) > 0:
			settleGrant(t, open[0], s.heard)
			open = open[1:]
		}
		if fault := claimFault(m.tenants["t"], len(open)); fault != "" {
			return fault
		}
	}
	return ""
}

func claimFault(tenant *tenant, running int) string {
	if tenant == nil {
		if running > 0 {
			return fmt.Sprintf("the tenant is forgotten while %d run", running)
		}
		return ""
	}
	if tenant.running != running {
		return fmt.Sprintf("running = %d, want %d", tenant.running, running)
	}
	if len(tenant.byExpiry) != len(tenant.claims) {
		return fmt.Sprintf("the heap has %d claims, the map %d", len(tenant.byExpiry), len(tenant.claims))
	}
	for i, c := range tenant.byExpiry {
		if c.index != i || tenant.claims[c.hash] != c {
			return fmt.Sprintf("claim %d of the heap is out of step", i)
		}
	}
	return ""
}

func mustAdmit(t *testing.T, m *Memory, key string) Grant {
	t.Helper()
	grant, err := m.Admit(t.Context(), Admission{Tenant: "t", IdempotencyKey: key, Window: time.Hour})
	if err != nil {
		t.Fatalf("Admit(%q) = %v", key, err)
	}
	return grant
}

func settleGrant(t *testing.T, g Grant, heard bool) {
	t.Helper()
	if err := g.Settle(t.Context(), Completed, heard); err != nil {
		t.Fatal(err)
	}
}
