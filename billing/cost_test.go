package billing

import (
	"math"
	"math/big"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func known(micros int64, currency string, source Source) Cost {
	return Cost{Money: Money{Micros: micros, Currency: currency}, Source: source}
}

func TestSum(t *testing.T) {
	unavailable := Cost{Source: Unavailable}
	estimated := known(5, "EUR", FromPriceList)
	estimated.Estimated = true
	mixed := known(12, "EUR", Mixed)
	mixed.Estimated = true
	cases := []struct {
		name  string
		costs []Cost
		want  []Cost
	}{
		{"no attempt", nil, []Cost{}},
		{"one", []Cost{known(1800, "EUR", FromProvider)}, []Cost{known(1800, "EUR", FromProvider)}},
		{"nothing charged is known", []Cost{known(0, "EUR", FromProvider)}, []Cost{known(0, "EUR", FromProvider)}},
		{
			"one source",
			[]Cost{known(1, "EUR", FromProvider), known(2, "EUR", FromProvider)},
			[]Cost{known(3, "EUR", FromProvider)},
		},
		{"sources differ", []Cost{known(7, "EUR", FromProvider), estimated}, []Cost{mixed}},
		{
			"currencies stay apart, in order",
			[]Cost{known(1, "USD", FromProvider), known(2, "EUR", FromPriceList), known(3, "USD", FromProvider)},
			[]Cost{known(2, "EUR", FromPriceList), known(4, "USD", FromProvider)},
		},
		{
			"an unknown one shows once, at the end",
			[]Cost{unavailable, known(1, "EUR", FromProvider), {}},
			[]Cost{known(1, "EUR", FromProvider), unavailable},
		},
		{"only unknown", []Cost{unavailable}, []Cost{unavailable}},
		{
			"an overflow is unknown rather than wrong",
			[]Cost{known(math.MaxInt64, "EUR", FromProvider), known(1, "EUR", FromProvider), known(2, "EUR", FromProvider), known(3, "USD", FromProvider)},
			[]Cost{known(3, "USD", FromProvider), unavailable},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Sum(c.costs); !reflect.DeepEqual(got, c.want) {
				t.Errorf("Sum = %+v, want %+v", got, c.want)
			}
		})
	}
}

// A sum of attempts loses no micro-unit, whatever their order, and hides no unknown one.
func TestSumLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		costs := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Cost {
			source := rapid.SampledFrom([]Source{FromProvider, FromPriceList, Unavailable}).Draw(t, "source")
			if source == Unavailable {
				return Cost{Source: source}
			}
			return Cost{Money: drawMoney(t), Source: source, Estimated: rapid.Bool().Draw(t, "estimated")}
		})).Draw(t, "costs")

		want, unknown, estimated := map[string]*big.Int{}, false, map[string]bool{}
		for _, c := range costs {
			if c.Source == Unavailable {
				unknown = true
				continue
			}
			if want[c.Money.Currency] == nil {
				want[c.Money.Currency] = new(big.Int)
			}
			want[c.Money.Currency].Add(want[c.Money.Currency], big.NewInt(c.Money.Micros))
			estimated[c.Money.Currency] = estimated[c.Money.Currency] || c.Estimated
		}
		got := Sum(costs)
		if last := len(got) - 1; unknown {
			if last < 0 || got[last] != (Cost{Source: Unavailable}) {
				t.Fatalf("Sum = %+v hides what is unknown", got)
			}
			got = got[:last]
		}
		if len(got) != len(want) {
			t.Fatalf("Sum = %+v, want %d currencies", got, len(want))
		}
		for _, c := range got {
			if want[c.Money.Currency].Cmp(big.NewInt(c.Money.Micros)) != 0 || c.Estimated != estimated[c.Money.Currency] {
				t.Fatalf("Sum = %+v, want %s %s", c, want[c.Money.Currency], c.Money.Currency)
			}
		}
	})
}

func TestRecordCost(t *testing.T) {
	r := Record{Attempts: []Attempt{{Cost: known(1, "EUR", FromProvider)}, {}}}
	want := []Cost{known(1, "EUR", FromProvider), {Source: Unavailable}}
	if got := r.Cost(); !reflect.DeepEqual(got, want) {
		t.Errorf("Cost() = %+v, want %+v", got, want)
	}
}
