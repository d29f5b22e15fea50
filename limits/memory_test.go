package limits_test

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/limits/limitstest"
)

func TestMemory(t *testing.T) {
	limitstest.Run(t, func(t *testing.T, body func(*testing.T, limitstest.Fixture)) {
		synctest.Test(t, func(t *testing.T) {
			body(t, limitstest.Fixture{Store: limits.NewMemory(), Advance: time.Sleep})
		})
	})
}

func TestMemoryBudgets(t *testing.T) {
	limitstest.RunBudgets(t, func(t *testing.T, body func(*testing.T, limitstest.BudgetFixture)) {
		synctest.Test(t, func(t *testing.T) {
			body(t, limitstest.BudgetFixture{
				Budgets: limits.NewMemoryBudgets(nil), Now: time.Now, Advance: time.Sleep,
			})
		})
	})
}
