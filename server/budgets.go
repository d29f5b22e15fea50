package server

import (
	"context"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/server/answer"
)

// budgetEntry is how a tenant, one of its keys, or a provider stands by its budget.
type budgetEntry struct {
	// Scope is tenant, key or provider.
	Scope string `json:"scope"`
	// Tenant is null for a provider, Key but for a key, and Provider but for a provider.
	Tenant   *string `json:"tenant"`
	Key      *string `json:"key"`
	Provider *string `json:"provider"`
	Currency string  `json:"currency"`
	// Daily and Monthly are null where there is no bound.
	Daily   *periodEntry `json:"daily"`
	Monthly *periodEntry `json:"monthly"`
	// AlertAt is how much of it is spent when that is told: 1 for all.
	AlertAt []float64 `json:"alert_at"`
}

// periodEntry is a UTC day or month. Amounts are decimals.
type periodEntry struct {
	Limit    string `json:"limit"`
	Spent    string `json:"spent"`
	Reserved string `json:"reserved"`
	Left     string `json:"left"`
	// ResetsAt is when the period is over.
	ResetsAt string `json:"resets_at"`
}

// listBudgets tells how the key's tenant and its keys stand by their budgets, and an admin's key how all do, providers too.
func (srv *Server) listBudgets(w http.ResponseWriter, r *http.Request, key *access.Key) {
	entries := []budgetEntry{}
	for _, b := range srv.setup.Load().bounded {
		if !key.Admin && b.Owner.Tenant != key.Tenant {
			continue
		}
		entry, err := srv.balanceOf(r.Context(), b)
		if err != nil {
			srv.log.Warn().Err(err).Str("tenant", b.Owner.Tenant).Str("key", b.Owner.Key).Str("provider", b.Owner.Provider).Msg("budget not read")
			srv.Refuse(w, r, key, &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "what was spent can't be read now"})
			return
		}
		entries = append(entries, entry)
	}
	answer.JSON(w, http.StatusOK, map[string]any{"budgets": entries})
}

func (srv *Server) balanceOf(ctx context.Context, b limits.Bounded) (budgetEntry, error) {
	entry := budgetEntry{
		Scope: b.Owner.Scope(), Currency: b.Budget.Currency, AlertAt: []float64{},
		Tenant: downstream.Optional(b.Owner.Tenant), Key: downstream.Optional(b.Owner.Key), Provider: downstream.Optional(b.Owner.Provider),
	}
	for _, at := range b.AlertAt {
		entry.AlertAt = append(entry.AlertAt, at.Float())
	}
	balance, err := srv.budgets.Balance(ctx, b.Owner, b.Budget)
	if err != nil {
		return entry, err
	}
	entry.Daily = periodOf(balance.Daily, b.Budget.Currency)
	entry.Monthly = periodOf(balance.Monthly, b.Budget.Currency)
	return entry, nil
}

// periodOf is a period as clients see it; nil where it has no bound.
func periodOf(p limits.PeriodBalance, currency string) *periodEntry {
	if p.Most == 0 {
		return nil
	}
	return &periodEntry{
		Limit: amount(p.Most, currency), Spent: amount(p.Spent, currency), Reserved: amount(p.Reserved, currency),
		Left: amount(p.Left(), currency), ResetsAt: p.Anew.UTC().Format(time.RFC3339),
	}
}

// amount is money as a decimal.
func amount(micros int64, currency string) string {
	return billing.Money{Micros: micros, Currency: currency}.Amount()
}
