package limits_test

import (
	"context"
	"testing"
	"time"

	"voicerelay/limits"
)

// wanted are admissions as generations ask for them, and what each may allocate with its end.
var wanted = map[string]struct {
	admission limits.Admission
	allocs    float64
}{
	"bare":   {limits.Admission{Tenant: "acme", RecordID: "r", GenerationID: "g"}, 1},
	"paced":  {limits.Admission{Tenant: "acme", RecordID: "r", GenerationID: "g", Limits: pace}, 1},
	"claims": {limits.Admission{Tenant: "acme", RecordID: "r", GenerationID: "g", Limits: pace, IdempotencyKey: "k", Window: time.Hour}, 11},
}

var pace = limits.Tenant{GenerationsPerMinute: 1 << 30, MaxConcurrentGenerations: 1 << 30}

// passing is a store in which one generation of the tenant runs, as where there is work.
func passing(tb testing.TB, a limits.Admission) *limits.Memory {
	tb.Helper()
	store := limits.NewMemory()
	a.IdempotencyKey = ""
	if _, err := store.Admit(tb.Context(), a); err != nil {
		tb.Fatal(err)
	}
	return store
}

// pass admits a generation, of which nothing is heard, so that its key is free again.
func pass(tb testing.TB, store *limits.Memory, a limits.Admission) {
	grant, err := store.Admit(context.Background(), a)
	if err != nil {
		tb.Fatal(err)
	}
	if err := grant.Settle(context.Background(), limits.Completed, false); err != nil {
		tb.Fatal(err)
	}
}

func TestAdmissionAllocatesLittle(t *testing.T) {
	for name, w := range wanted {
		store := passing(t, w.admission)
		pass(t, store, w.admission)
		if got := testing.AllocsPerRun(100, func() { pass(t, store, w.admission) }); got > w.allocs {
			t.Errorf("%s: got %v allocations, want at most %v", name, got, w.allocs)
		}
	}
}

func BenchmarkMemory(b *testing.B) {
	for name, w := range wanted {
		b.Run(name, func(b *testing.B) {
			store := passing(b, w.admission)
			b.ReportAllocs()
			for b.Loop() {
				pass(b, store, w.admission)
			}
		})
	}
}

var fiveSpent = limits.Spent{"EUR": 5} // shared, to count no map of the test's own

// reservation opens one, sets aside a piece's cost and settles it.
func reservation(tb testing.TB, budgets *limits.MemoryBudgets, e limits.Expense) {
	p, err := budgets.Open(context.Background(), e)
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.Reserve(context.Background(), 10); err != nil {
		tb.Fatal(err)
	}
	if err := p.Settle(context.Background(), fiveSpent); err != nil {
		tb.Fatal(err)
	}
}

func spending() (*limits.MemoryBudgets, limits.Expense) {
	e := costing("r")
	e.Budget.Daily = 1 << 50
	return limits.NewMemoryBudgets(nil), e
}

func TestSpendingAllocatesLittle(t *testing.T) {
	budgets, e := spending()
	reservation(t, budgets, e)
	if got := testing.AllocsPerRun(100, func() { reservation(t, budgets, e) }); got > 3 {
		t.Errorf("got %v allocations, want at most 3", got)
	}
}

func BenchmarkMemoryBudgets(b *testing.B) {
	budgets, e := spending()
	b.ReportAllocs()
	for b.Loop() {
		reservation(b, budgets, e)
	}
}

// through takes a place at a gate and gives it back, as each connection does.
func through(tb testing.TB, gate *limits.Gate) {
	release, ok := gate.Acquire()
	if !ok {
		tb.Fatal("the gate is shut")
	}
	release()
}

func TestTheGateAllocatesLittle(t *testing.T) {
	gate := limits.NewGate(1)
	if got := testing.AllocsPerRun(100, func() { through(t, gate) }); got > 3 {
		t.Errorf("got %v allocations, want at most 3", got)
	}
}

func BenchmarkGate(b *testing.B) {
	gate := limits.NewGate(1)
	b.ReportAllocs()
	for b.Loop() {
		through(b, gate)
	}
}
