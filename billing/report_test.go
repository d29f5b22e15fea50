package billing

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestSumsQueryValidate(t *testing.T) {
	cases := []struct {
		name string
		by   []Dimension
		want error
	}{
		{"nothing", nil, nil},
		{"of generations", []Dimension{ByTenant, ByKey, ByDay, ByRoute, ByOutcome}, nil},
		{"of attempts", []Dimension{ByDay, ByProvider, ByModel, ByVoice, ByOutcome}, nil},
		{"both", []Dimension{ByRoute, ByVoice}, ErrGroupBy},
		{"twice", []Dimension{ByDay, ByDay}, ErrGroupBy},
		{"unknown", []Dimension{"week"}, ErrGroupBy},
		{"two times", []Dimension{ByHour, ByMonth}, ErrGroupBy},
		{"hours", []Dimension{ByHour, ByProvider}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := SumsQuery{From: noon, To: noon.Add(time.Hour), GroupBy: c.by}
			if got := q.Validate(); !errors.Is(got, c.want) {
				t.Errorf("Validate = %v, want %v", got, c.want)
			}
		})
	}
	if got := (SumsQuery{From: noon, To: noon}).Validate(); !errors.Is(got, ErrRange) {
		t.Errorf("an empty range = %v, want %v", got, ErrRange)
	}
}

func TestGroupSums(t *testing.T) {
	share := func(hours int, tenant, currency string, micros int64) Share {
		at := noon.Add(time.Duration(hours) * time.Hour)
		return Share{
			SumKey{Hour: Hour(at), Tenant: tenant, Key: "bot", Route: "default", Currency: currency},
			SumValue{Generations: 1, Attempts: 2, Characters: 3, AudioMS: 4, Micros: micros, Unpriced: 5, Estimated: 6},
		}
	}
	sums := []Share{share(12, "acme", "USD", 1), share(0, "beta", "", 0), share(1, "acme", "EUR", 2), share(2, "acme", "USD", 3)}
	q := SumsQuery{GroupBy: []Dimension{ByTenant, ByDay}}
	got, err := GroupSums(q, sums)
	want := []Group{
		{
			GroupKey: GroupKey{Day: "2026-03-01", Tenant: "acme"}, Generations: 2, Attempts: 4, Characters: 6, AudioMS: 8,
			Cost: []Money{{2, "EUR"}, {3, "USD"}}, Unpriced: 10, Estimated: 12,
		},
		{
			GroupKey: GroupKey{Day: "2026-03-01", Tenant: "beta"}, Generations: 1, Attempts: 2, Characters: 3, AudioMS: 4,
			Cost: []Money{}, Unpriced: 5, Estimated: 6,
		},
		{
			GroupKey: GroupKey{Day: "2026-03-02", Tenant: "acme"}, Generations: 1, Attempts: 2, Characters: 3, AudioMS: 4,
			Cost: []Money{{1, "USD"}}, Unpriced: 5, Estimated: 6,
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("GroupSums =\n%+v, %v, want\n%+v", got, err, want)
	}
}

func TestGroupSumsByEachDimension(t *testing.T) {
	key := SumKey{
		Hour: Hour(noon), Tenant: "acme", Key: "bot", Route: "default",
		Provider: "p", Model: "m", Voice: "v", Outcome: Completed,
	}
	want := map[Dimension]GroupKey{
		ByTenant: {Tenant: "acme"}, ByKey: {Key: "bot"}, ByDay: {Day: "2026-03-01"}, ByRoute: {Route: "default"},
		ByOutcome: {Outcome: Completed}, ByProvider: {Provider: "p"}, ByModel: {Model: "m"}, ByVoice: {Voice: "v"},
	}
	for by, group := range want {
		got, err := GroupSums(SumsQuery{GroupBy: []Dimension{by}}, []Share{{Key: key}})
		if err != nil || len(got) != 1 || got[0].GroupKey != group {
			t.Errorf("by %s: %+v, %v, want %+v", by, got, err, group)
		}
	}
}

func TestGroupSumsRefusesAnOverflow(t *testing.T) {
	sum := Share{SumKey{Currency: "EUR"}, SumValue{Micros: math.MaxInt64}}
	if _, err := GroupSums(SumsQuery{}, []Share{sum, sum}); !errors.Is(err, ErrOverflow) {
		t.Errorf("an overflow = %v, want %v", err, ErrOverflow)
	}
}

func TestGroupsAreBounded(t *testing.T) {
	var sums []Share
	for i := range 10 {
		sums = append(sums, Share{Key: SumKey{Hour: Hour(noon), Tenant: string(rune('a' + i))}, Value: SumValue{Generations: 1}})
	}
	q := SumsQuery{GroupBy: []Dimension{ByTenant}, MaxGroups: 9}
	if _, err := GroupSums(q, sums); !errors.Is(err, ErrTooManyGroups) {
		t.Errorf("10 groups of 9: %v", err)
	}
	for _, most := range []int{0, 10} {
		q.MaxGroups = most
		if groups, err := GroupSums(q, sums); err != nil || len(groups) != 10 {
			t.Errorf("10 groups of %d: %d, %v", most, len(groups), err)
		}
	}
}

// What is added up early comes to the same groups.
func TestCoarseSumsMakeTheSameGroups(t *testing.T) {
	at := Hour(noon)
	key := SumKey{
		Hour: at, Tenant: "acme", Key: "bot", Provider: "p", Model: "m", Voice: "v", Outcome: Completed, Currency: "EUR",
	}
	later := key
	later.Hour, later.Voice, later.Currency = at+13, "w", "USD"
	for _, by := range [][]Dimension{nil, {ByDay}, {ByVoice}, {ByTenant, ByDay, ByModel}, {ByKey, ByProvider, ByVoice, ByOutcome}} {
		q := SumsQuery{GroupBy: by}
		var fine, coarse []Share
		for _, k := range []SumKey{key, later} {
			fine = append(fine, Share{k, SumValue{Attempts: 1, Micros: 2}})
			coarse = append(coarse, Share{q.Coarse(k), SumValue{Attempts: 1, Micros: 2}})
		}
		want, _ := GroupSums(q, fine)
		if got, err := GroupSums(q, coarse); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, %v, want %+v", by, got, err, want)
		}
	}
}
