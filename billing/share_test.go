package billing

import (
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 1, 12, 59, 59, 0, time.UTC)

func TestShares(t *testing.T) {
	estimated := known(4, "EUR", FromPriceList)
	estimated.Estimated = true
	r := Record{
		Tenant: "acme", Key: "bot", Route: "default", AdmittedAt: noon, Characters: 10, Audio: 2500 * time.Microsecond,
		Outcome: Completed,
		Attempts: []Attempt{
			{Provider: "p", Outcome: Failed, Usage: Usage{Characters: 7}},
			{Provider: "p", Model: "m", Voice: "v", Outcome: Hedged, Usage: Usage{Characters: 8, Audio: time.Second}, Cost: estimated},
			{Provider: "q", Voice: "v", Outcome: Completed, Cost: known(5, "USD", FromProvider)},
		},
	}
	hour := noon.Unix() / 3600
	generation := SumKey{Hour: hour, Tenant: "acme", Key: "bot", Route: "default", Outcome: Completed, Currency: "EUR"}
	inDollars := generation
	inDollars.Currency = "USD"
	attempt := func(provider, model, voice string, outcome Outcome, currency string) SumKey {
		return SumKey{
			Hour: hour, Tenant: "acme", Key: "bot",
			Provider: provider, Model: model, Voice: voice, Outcome: outcome, Currency: currency,
		}
	}
	want := []Share{
		{generation, SumValue{Generations: 1, Attempts: 3, Characters: 10, AudioMS: 2, Micros: 4, Unpriced: 1, Estimated: 1}},
		{inDollars, SumValue{Micros: 5}},
		{attempt("p", "", "", Failed, ""), SumValue{Attempts: 1, Characters: 7, Unpriced: 1}},
		{attempt("p", "m", "v", Hedged, "EUR"), SumValue{Attempts: 1, Characters: 8, AudioMS: 1000, Micros: 4, Estimated: 1}},
		{attempt("q", "", "v", Completed, "USD"), SumValue{Attempts: 1, Micros: 5}},
	}
	if got := r.Shares(); !reflect.DeepEqual(got, want) {
		t.Errorf("Shares =\n%+v, want\n%+v", got, want)
	}
}

func TestSharesOfWhatWasNeverAttempted(t *testing.T) {
	r := Record{Tenant: "acme", AdmittedAt: noon, Outcome: Cancelled}
	want := []Share{{
		SumKey{Hour: Hour(noon), Tenant: "acme", Outcome: Cancelled},
		SumValue{Generations: 1},
	}}
	if got := r.Shares(); !reflect.DeepEqual(got, want) {
		t.Errorf("Shares = %+v, want %+v", got, want)
	}
}

func TestPlusDoesNotWrapMoney(t *testing.T) {
	got := SumValue{Micros: math.MaxInt64 - 1}.Plus(SumValue{Micros: 2})
	if got.Micros != math.MaxInt64 {
		t.Errorf("sum = %d, want the largest amount", got.Micros)
	}
}

func drawRecord(t *rapid.T) Record {
	r := Record{
		Tenant:     rapid.SampledFrom([]string{"acme", "beta"}).Draw(t, "tenant"),
		Key:        rapid.SampledFrom([]string{"bot", "ops"}).Draw(t, "key"),
		Route:      rapid.SampledFrom([]string{"", "default"}).Draw(t, "route"),
		AdmittedAt: noon.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hour")) * time.Hour),
		Characters: rapid.Int64Range(0, 10_000).Draw(t, "characters"),
		Outcome:    rapid.SampledFrom([]Outcome{Completed, Failed}).Draw(t, "outcome"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "attempts") {
		a := Attempt{
			Provider: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "provider"),
			Outcome:  rapid.SampledFrom([]Outcome{Completed, Failed, Hedged}).Draw(t, "of the attempt"),
		}
		if rapid.Bool().Draw(t, "priced") {
			a.Cost = Cost{Money: drawMoney(t), Source: FromProvider}
		}
		r.Attempts = append(r.Attempts, a)
	}
	return r
}

// Sums of generations and of attempts are two views of one thing: they agree on money, attempts and what is unpriced.
func TestSumsOfGenerationsAndOfAttemptsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawRecord), 1, 10).Draw(t, "records")
		var generations, attempts []Share
		for i := range records {
			for _, s := range records[i].Shares() {
				if s.Key.Provider == "" {
					generations = append(generations, s)
				} else {
					attempts = append(attempts, s)
				}
			}
		}
		a, b := groupOne(t, SumsQuery{}, generations), groupOne(t, SumsQuery{}, attempts)
		if a.Generations != int64(len(records)) || b.Generations != 0 {
			t.Fatalf("generations = %d and %d, want %d and 0", a.Generations, b.Generations, len(records))
		}
		if len(attempts) == 0 {
			return
		}
		a.Generations, a.Characters, a.AudioMS, a.Refused = 0, 0, 0, 0
		b.Characters, b.AudioMS = 0, 0
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("of generations %+v, of attempts %+v", a, b)
		}
	})
}

func groupOne(t *rapid.T, q SumsQuery, sums []Share) Group {
	groups, err := GroupSums(q, sums)
	if err != nil || len(groups) > 1 {
		t.Fatalf("GroupSums = %+v, %v, want one group", groups, err)
	}
	if len(groups) == 0 {
		return Group{}
	}
	return groups[0]
}
