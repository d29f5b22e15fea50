package listprice

import (
	"testing"
	"time"

	"voicerelay/billing"
)

// Every row is a price that a configuration might have, and says where it is from.
func TestListPricesAreValid(t *testing.T) {
	entries, err := parse(table)
	if err != nil {
		t.Fatal(err)
	}
	var prices []billing.Price
	for _, e := range entries {
		p := e.Price
		p.Provider = e.Adapter
		p.Validate(func(field, reason string) { t.Errorf("%s %s: %s %s", e.Adapter, e.Model, field, reason) })
		if e.Source == "" || e.Reads == "" || e.Seen.Before(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s %s: %+v lacks its source", e.Adapter, e.Model, e)
		}
		if e.Grade != OwnPage && e.Grade != NamesPage && e.Grade != Told {
			t.Errorf("%s %s: grade %q", e.Adapter, e.Model, e.Grade)
		}
		prices = append(prices, p)
	}
	if _, err := billing.NewPriceList(prices); err != nil {
		t.Error(err)
	}
}

// What the operator says of a model goes before what is listed, however little of it he says.
func TestOwnPricesGoFirst(t *testing.T) {
	own := func(model string) []billing.Price {
		return []billing.Price{{Provider: "eleven", Model: model, Unit: billing.Character, Amount: "1", Currency: "USD"}}
	}
	total := len(Of("elevenlabs"))
	for model, want := range map[string]int{
		"":                        0,
		"*":                       0,
		"eleven_flash*":           total - 1,
		"eleven_f*":               total - 1,
		"eleven_flash_v2_5":       total, // is more specific than the list anyway
		"eleven_v4_turbo":         total - 1,
		"of another vendor's own": total,
	} {
		if got := len(For("eleven", "elevenlabs", own(model))); got != want {
			t.Errorf("with an own price of %q %d are listed, want %d", model, got, want)
		}
	}
	if got := len(For("other", "elevenlabs", own("*"))); got != total {
		t.Errorf("another provider of the same vendor: %d are listed, want %d", got, total)
	}
}
