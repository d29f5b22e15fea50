package listprice

import (
	"strings"
	"testing"
	"time"

	"voicerelay/billing"
)

// Every row is a price that a configuration might have, and says where it is from.
func TestListPricesAreValid(t *testing.T) {
	var prices []billing.Price
	for i, e := range entries() {
		e.Provider = e.adapter
		e.Validate(func(field, reason string) { t.Errorf("%s %s: %s %s", e.adapter, e.Model, field, reason) })
		reads, seen, grade, source := rows()[i][6], rows()[i][7], rows()[i][8], rows()[i][9]
		day, err := time.Parse(time.DateOnly, seen)
		if err != nil || day.Year() < 2026 || reads == "" || source == "" || !strings.Contains("ABC", grade) || len(grade) != 1 {
			t.Errorf("%s %s: %q seen %q (%v), grade %q, by %q", e.adapter, e.Model, reads, seen, err, grade, source)
		}
		prices = append(prices, e.Price)
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
	total := len(For("eleven", "elevenlabs", nil))
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
