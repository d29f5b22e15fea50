package server

import (
	"context"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/limits"
)

// budgetEntry is how a tenant stands by its budget.
type budgetEntry struct {
	Tenant   string `json:"tenant"`
	Currency string `json:"currency"`
	// Daily and Monthly are null where there is no bound.
	Daily   *periodEntry `json:"daily"`
	Monthly *periodEntry `json:"monthly"`
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

// listBudgets tells how the key's tenant stands by its budget, and an admin's key how all do.
func (srv *Server) listBudgets(w http.ResponseWriter, r *http.Request, key *access.Key) {
	entries := []budgetEntry{}
	for _, t := range srv.setup.Load().boundedTenants() {
		if !key.Admin && t.tenant != key.Tenant {
			continue
		}
		entry, err := srv.balanceOf(r.Context(), t)
		if err != nil {
			srv.log.Warn().Err(err).Str("tenant", t.tenant).Msg("budget not read")
			srv.Refuse(w, r, key, &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "what was spent can't be read now"})
			return
		}
		entries = append(entries, entry)
	}
	writeJSON(w, http.StatusOK, map[string]any{"budgets": entries})
}

func (srv *Server) balanceOf(ctx context.Context, t boundedTenant) (budgetEntry, error) {
	entry := budgetEntry{Tenant: t.tenant, Currency: t.budget.Currency}
	balance, err := srv.budgets.Balance(ctx, t.tenant, t.budget)
	if err != nil {
		return entry, err
	}
	entry.Daily = periodOf(balance.Daily, t.budget.Currency)
	entry.Monthly = periodOf(balance.Monthly, t.budget.Currency)
	return entry, nil
}

// periodOf is a period as clients see it; nil where it has no bound.
func periodOf(p limits.PeriodBalance, currency string) *periodEntry {
	if p.Most == 0 {
		return nil
	}
	amount := func(micros int64) string { return billing.Money{Micros: micros, Currency: currency}.Amount() }
	return &periodEntry{
		Limit: amount(p.Most), Spent: amount(p.Spent), Reserved: amount(p.Reserved), Left: amount(p.Left()),
		ResetsAt: p.Anew.UTC().Format(time.RFC3339),
	}
}
