package ship

import (
	"strings"
	"testing"

	"voicerelay/billing"
)

// priceList is a list of one price.
func priceList(t *testing.T, amount string) *billing.PriceList {
	t.Helper()
	list, err := billing.NewPriceList([]billing.Price{{Provider: "p", Model: "m", Unit: billing.Character, Amount: amount, Currency: "EUR"}})
	must(t, err)
	return list
}

// pricedRecord is a record that names a list.
func pricedRecord(n int, list *billing.PriceList) billing.Record {
	r := someRecord("acme", n)
	r.PriceList = list.Hash()
	return r
}

// Whoever reads a record of any relay finds the prices that it names.
func TestPriceListsAreShippedWithTheirRecords(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	reports, ctx := NewReports(rdb, 0), t.Context()
	for i, amount := range []string{"0.00001", "0.00002"} {
		out, list := newMemoryOutbox(), priceList(t, amount)
		if got, err := reports.PriceList(ctx, list.Hash()); got != nil || err != nil {
			t.Fatalf("before a relay has shipped it: %v, %v", got, err)
		}
		must(t, out.usePrices(list))
		out.add([]string{"e1", "e2"}[i], pricedRecord(i, list))
		must(t, newShipper(out, rdb).All(ctx))
		got, err := reports.PriceList(ctx, list.Hash())
		if err != nil || got == nil || got.Prices()[0].Amount != amount {
			t.Errorf("the list of relay %d: %+v, %v", i+1, got, err)
		}
	}
}

// A list that is new when a run is shipped comes before it.
func TestANewPriceListComesBeforeItsRecords(t *testing.T) {
	rdb, out, list := newRedisServer(t).newClient(), newMemoryOutbox(), priceList(t, "0.00001")
	s := newShipper(out, rdb)
	must(t, s.All(t.Context()))
	must(t, out.usePrices(list))
	out.add("e1", pricedRecord(1, list))
	must(t, s.ship(t.Context(), []stream{{"e1", "acme"}}))
	if got, err := NewReports(rdb, 0).PriceList(t.Context(), list.Hash()); got == nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// A Redis that lost a list gets it again, though it has all records.
func TestALostPriceListIsShippedAgain(t *testing.T) {
	rdb, out, list := newRedisServer(t).newClient(), newMemoryOutbox(), priceList(t, "0.00001")
	must(t, out.usePrices(list))
	out.add("e1", pricedRecord(1, list))
	s := newShipper(out, rdb)
	must(t, s.All(t.Context()))
	must(t, rdb.Del(t.Context(), pricesKey).Err())
	must(t, s.All(t.Context()))
	if got, err := NewReports(rdb, 0).PriceList(t.Context(), list.Hash()); got == nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestVerifyNamesPriceListsThatDiffer(t *testing.T) {
	rdb, out, list := newRedisServer(t).newClient(), newMemoryOutbox(), priceList(t, "0.00001")
	other, err := priceList(t, "0.00002").Text()
	must(t, err)
	must(t, out.usePrices(list))
	out.add("e1", pricedRecord(1, list))
	ctx := t.Context()
	for _, c := range []struct {
		change func() error
		want   string
	}{
		{func() error { return nil }, ""},
		{func() error { return rdb.HDel(ctx, pricesKey, list.Hash()).Err() }, "redis has it not"},
		{func() error { return rdb.HSet(ctx, pricesKey, list.Hash(), other).Err() }, "redis has another"},
	} {
		must(t, newShipper(out, rdb).All(ctx))
		must(t, c.change())
		verdict, err := NewReports(rdb, 0).Verify(ctx, out, defaultRetention)
		must(t, err)
		if got := strings.Join(verdict.Faults, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("faults = %q, want %q", got, c.want)
		}
	}
}
