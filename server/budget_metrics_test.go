package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/limits"
)

// slowBalances take their time, whatever the caller's context says.
type slowBalances struct {
	limits.Budgets
	asked int
}

func (b *slowBalances) Balance(context.Context, limits.Owner, limits.Budget) (limits.Balance, error) {
	b.asked++
	time.Sleep(5 * time.Second)
	return limits.Balance{}, nil
}

// A scrape does not wait for one tenant after the other where what was spent is slow to find out.
func TestAScrapeDoesNotWaitForAllBalances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowBalances{}
		c := newBudgetCollector(func() []limits.Bounded { return make([]limits.Bounded, 10) }, slow)
		c.Collect(make(chan prometheus.Metric))
		if slow.asked != 1 {
			t.Errorf("%d balances were asked for, want 1", slow.asked)
		}
	})
}
