package ledger

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// A list is found by its hash after another one is in force, and its records tell their prices by it.
func TestPriceListsStay(t *testing.T) {
	file, at := path(t), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, list := range []*billing.PriceList{prices(), dearer()} {
		l := mustOpen(t, Config{Path: file, Prices: list, Log: zerolog.Nop()})
		r := entry([]string{"former", "present"}[i], "acme", at)
		r.PriceList = list.Hash()
		if err := l.Enter(r)(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := list.Prices()[0]
		r.EndedAt, r.Outcome = at.Add(time.Second), billing.Completed
		r.Attempts = []billing.Attempt{{Provider: p.Provider, Model: p.Model, Outcome: billing.Completed, Cost: billing.Cost{Money: billing.Money{Micros: 1, Currency: p.Currency}, Source: billing.FromPriceList}}}
		if err := l.Close(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		mustStop(t, l)
	}
	r, err := OpenReader(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	texts, err := r.PriceLists(t.Context())
	if err != nil || len(texts) != 2 {
		t.Errorf("%d lists, %v, want 2", len(texts), err)
	}
	for id, want := range map[string]*billing.PriceList{"former": prices(), "present": dearer()} {
		got, err := r.PriceList(t.Context(), want.Hash())
		if err != nil || got == nil || got.Hash() != want.Hash() {
			t.Errorf("the %s list: %+v, %v", id, got, err)
		}
		page, err := r.Records(t.Context(), billing.RecordsQuery{RecordID: id, Limit: 1})
		if err != nil || len(page.Records) != 1 {
			t.Fatalf("%s: %+v, %v", id, page, err)
		}
		amount := map[string]string{"former": "0.001400", "present": "1.000000"}[id]
		if p := page.Records[0].Attempts[0].UnitPrice; p != (billing.UnitPrice{Amount: amount, Currency: "EUR", Unit: billing.AudioSecond}) {
			t.Errorf("the %s record tells %+v, want %s", id, p, amount)
		}
	}
	if got, err := r.PriceList(t.Context(), "0123456789abcdef"); got != nil || err != nil {
		t.Errorf("a list that nobody has: %+v, %v", got, err)
	}
}
