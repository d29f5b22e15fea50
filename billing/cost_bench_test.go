package billing

import (
	"fmt"
	"testing"
	"time"
)

// priced is a list of twenty prices, and the usage of an attempt by the last of them.
func priced(tb testing.TB) (*PriceList, Usage) {
	tb.Helper()
	var prices []Price
	for i := range 20 {
		prices = append(prices, Price{Provider: fmt.Sprint("p", i), Model: "m*", Unit: AudioSecond, Amount: "0.000123", Currency: "EUR"})
	}
	list, err := NewPriceList(prices)
	if err != nil {
		tb.Fatal(err)
	}
	return list, Usage{Audio: 12345 * time.Millisecond, Characters: 200, Bytes: 210, Requests: 2}
}

// settle is what a generation's end costs of money: the vendor's figure, the list's, and their sum.
func settle(tb testing.TB, list *PriceList, u Usage) []Cost {
	charge, err := Parse("0.18", -2, "EUR")
	if err != nil {
		tb.Fatal(err)
	}
	return Sum([]Cost{{Money: charge, Source: FromProvider}, list.Price("p19", "m1", u)})
}

// A price allocates nothing, a settlement the charge's digits and the sums.
func TestSettlementAllocatesLittle(t *testing.T) {
	list, u := priced(t)
	if got := testing.AllocsPerRun(100, func() { list.Price("p19", "m1", u) }); got != 0 {
		t.Errorf("a price: got %v allocations, want 0", got)
	}
	var sums []Cost
	if got := testing.AllocsPerRun(100, func() { sums = settle(t, list, u) }); got > 3 {
		t.Errorf("a settlement: got %v allocations, want at most 3", got)
	}
	if want := "0.003318 EUR"; len(sums) != 1 || sums[0].Money.String() != want {
		t.Errorf("got %v, want %s", sums, want)
	}
}

func BenchmarkSettlement(b *testing.B) {
	list, u := priced(b)
	b.ReportAllocs()
	for b.Loop() {
		settle(b, list, u)
	}
}
