package limitstest

import (
	"errors"
	"testing"

	"voicerelay/limits"
)

// The owners of the tests: a tenant, one of its keys, and a provider of the same name as both.
var (
	ofTenant   = limits.Owner{Tenant: "acme"}
	ofKey      = limits.Owner{Tenant: "acme", Key: "acme"}
	ofProvider = limits.Owner{Provider: "acme"}
)

// ofBoth are a generation's expenses where the tenant may spend ten micros a day, and its key so many.
func ofBoth(id string, key int64) []limits.Expense {
	tenant := expense(id)
	own := tenant
	own.Owner, own.Budget.Daily = ofKey, key
	return []limits.Expense{tenant, own}
}

// wantStands says what an owner has spent and set aside today.
func wantStands(t *testing.T, f BudgetFixture, of limits.Owner, spent, reserved int64) {
	t.Helper()
	b, err := f.Budgets.Balance(t.Context(), of, limits.Budget{Currency: "EUR", Daily: 10})
	if err != nil {
		t.Fatalf("Balance(%+v) = %v", of, err)
	}
	if b.Daily.Spent != spent || b.Daily.Reserved != reserved {
		t.Fatalf("%+v has spent %d and set aside %d, want %d and %d", of, b.Daily.Spent, b.Daily.Reserved, spent, reserved)
	}
}

// wantRefused says that an error is the refusal of an owner's budget.
func wantRefused(t *testing.T, err error, of limits.Owner) {
	t.Helper()
	var refusal *limits.BudgetError
	if !errors.As(err, &refusal) || refusal.Owner != of {
		t.Fatalf("got %v, want the budget of %+v to refuse it", err, of)
	}
}

func ownersApart(t *testing.T, f BudgetFixture) {
	for i, of := range []limits.Owner{ofTenant, ofKey, ofProvider} {
		e := expense(of.Scope())
		e.Owner = of
		spend(t, open(t, f, e), int64(i+1))
	}
	wantStands(t, f, ofTenant, 1, 0)
	wantStands(t, f, ofKey, 2, 0)
	wantStands(t, f, ofProvider, 3, 0)
}

func bothHold(t *testing.T, f BudgetFixture) {
	for _, c := range []struct {
		name       string
		key, price int64
		want       limits.Owner
	}{{"key", 4, 5, ofKey}, {"tenant", 20, 11, ofTenant}} {
		p, err := limits.OpenAll(t.Context(), f.Budgets, ofBoth(c.name, c.key)...)
		if err != nil {
			t.Fatal(err)
		}
		wantRefused(t, p.Reserve(t.Context(), c.price), c.want)
		reserve(t, p, 3)
		if err := p.Settle(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func refusedTakesNothing(t *testing.T, f BudgetFixture) {
	expenses := ofBoth("1", 4)
	for i := range expenses {
		expenses[i].Micros = 5
	}
	_, err := limits.OpenAll(t.Context(), f.Budgets, expenses...)
	wantRefused(t, err, ofKey)
	wantStands(t, f, ofTenant, 0, 0)
	wantStands(t, f, ofKey, 0, 0)
}

func surplusIsUsed(t *testing.T, f BudgetFixture) {
	p, err := limits.OpenAll(t.Context(), f.Budgets, ofBoth("1", 4)...)
	if err != nil {
		t.Fatal(err)
	}
	wantRefused(t, p.Reserve(t.Context(), 9), ofKey)
	reserve(t, p, 4)
	wantStands(t, f, ofKey, 0, 4)
	wantStands(t, f, ofTenant, 0, 9)
	p.Extend(t.Context(), 6)
	wantStands(t, f, ofKey, 0, 10)
	wantStands(t, f, ofTenant, 0, 10)
	if err := p.Settle(t.Context(), limits.Spent{"EUR": 7}); err != nil {
		t.Fatal(err)
	}
	wantStands(t, f, ofKey, 7, 0)
	wantStands(t, f, ofTenant, 7, 0)
}

func chargedToEach(t *testing.T, f BudgetFixture) {
	expenses := ofBoth("1", 0) // the key has no budget: what it spends is counted all the same
	p, err := limits.OpenAll(t.Context(), f.Budgets, expenses...)
	if err != nil {
		t.Fatal(err)
	}
	reserve(t, p, 8)
	if err := p.Settle(t.Context(), limits.Spent{"EUR": 6}); err != nil {
		t.Fatal(err)
	}
	wantStands(t, f, ofTenant, 6, 0)
	wantStands(t, f, ofKey, 6, 0)
	_, err = limits.OpenAll(t.Context(), f.Budgets, ofBoth("2", 6)...)
	wantRefused(t, err, ofKey)
}
