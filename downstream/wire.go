package downstream

import (
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
)

// WireCost is a cost as clients see it. An amount has a currency on the wire: nothing in no currency is told as not known.
func WireCost(c billing.Cost) protocol.Cost {
	if !c.Known() || c.Money.Currency == "" {
		return protocol.Cost{Source: string(billing.Unavailable)}
	}
	amount, currency := c.Money.Amount(), c.Money.Currency
	return protocol.Cost{Amount: &amount, Currency: &currency, Source: string(c.Source), Estimated: c.Estimated}
}

// Optional is a string, or null where it is empty.
func Optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
