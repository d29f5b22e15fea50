package downstream

import (
	"encoding/json"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
	"voicerelay/relay"
)

// Encode is a message as JSON. One without a form in JSON, such as a number that is infinite, is a fault of ours, and panics.
func Encode(message any) []byte {
	encoded, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	return encoded
}

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

// WireUsage is what a generation used, as clients see it.
func WireUsage(u relay.Usage) protocol.Usage {
	usage := protocol.Usage{Characters: u.Characters, AudioMS: u.Audio.Milliseconds(), Recorded: u.Recorded}
	for _, cost := range u.Cost {
		usage.Cost = append(usage.Cost, WireCost(cost))
	}
	for _, a := range u.Attempts {
		usage.Attempts = append(usage.Attempts, protocol.Attempt{
			Provider:   a.Provider,
			Model:      Optional(a.Model),
			Outcome:    a.Outcome,
			Code:       string(a.Code),
			Message:    a.Message,
			UpstreamID: a.UpstreamID,
			Requests:   a.Requests,
			Characters: a.Characters,
			AudioMS:    a.Audio.Milliseconds(),
			Cost:       WireCost(a.Cost),
		})
	}
	return usage
}
