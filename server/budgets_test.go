package server

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
)

// budgeted has two tenants, of which one has a budget, and an admin of a third.
func budgeted() Config {
	key := func(name, tenant string, b limits.Budget, admin bool) Key {
		return Key{Name: name, Tenant: tenant, Hash: sha256.Sum256([]byte(name)), Limits: limits.Default(), Budget: b, Admin: admin}
	}
	bound := limits.Budget{Currency: "EUR", Daily: 5_000_000, Monthly: 0}
	return Config{Keys: []Key{
		key("bound", "acme", bound, false), key("again", "acme", bound, false), key("free", "bcorp", limits.Budget{}, false),
		key("admin", "ops", limits.Budget{}, true),
	}}
}

// A tenant is told how it stands, an admin how all do, and nobody more.
func TestBudgetsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, budgeted(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		p, err := r.srv.budgets.Open(t.Context(), limits.Expense{Owner: limits.Owner{Tenant: "acme"}, RecordID: "r", Budget: r.cfg.Keys[0].Budget, Micros: 1_250_000})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Settle(t.Context(), nil) }() // never fails in memory
		acme := `[{"scope":"tenant","tenant":"acme","key":null,"provider":null,"currency":"EUR","daily":{"limit":"5.000000","spent":"0.000000","reserved":"1.250000","left":"3.750000",` +
			`"resets_at":"2000-01-02T00:00:00Z"},"monthly":null,"alert_at":[]}]`
		for key, want := range map[string]string{"bound": acme, "admin": acme, "free": "[]"} {
			request, w := httptest.NewRequest(http.MethodGet, "http://localhost/v1/budgets", nil), httptest.NewRecorder()
			bearer(request, key)
			r.http.Handler.ServeHTTP(w, request)
			var got struct{ Budgets json.RawMessage }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || string(got.Budgets) != want {
				t.Errorf("%s: %d %s, want %s", key, w.Code, w.Body, want)
			}
		}
		for name, want := range map[string]float64{"relay_budget_limit": 5, "relay_budget_spent": 0, "relay_budget_reserved": 1.25} {
			found := series(t, r, name)
			if m := found["EUR  day  acme "]; len(found) != 1 || m.GetGauge().GetValue() != want {
				t.Errorf("%s: got %v, want %v of acme's day alone", name, found, want)
			}
		}
	})
}
