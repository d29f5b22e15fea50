package tests

import (
	"fmt"
	"math/big"
	"testing"

	"voicerelay/upstream/emulator"
)

// ownPrice is far from what the vendor charges, so that a mistake about the source shows.
func ownPrice(provider string) []map[string]any {
	return []map[string]any{{"provider": provider, "model": "*", "unit": "character", "amount": "0.25", "currency": "USD"}}
}

func TestTheVendorsOwnCostComesBeforeThePriceList(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	cfg := speaksByOne(v)
	cfg.Prices = ownPrice("kugelaudio")
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	m := c.completed("g")
	got := m.Usage.Attempts[0].Cost
	if got.Source != "provider" || got.Currency == nil || *got.Currency != "EUR" {
		t.Fatalf("cost %+v, want the provider's in EUR", got)
	}
	// 0.09 cents a second of generated audio, rounded half up to six decimals.
	perMS := new(big.Rat).SetFrac64(9, 10_000_000)
	want := new(big.Rat).Mul(perMS, new(big.Rat).SetInt64(m.Usage.Attempts[0].AudioMS))
	amount, _ := new(big.Rat).SetString(*got.Amount)
	if off := new(big.Rat).Sub(amount, want); off.Abs(off).Cmp(big.NewRat(2, 1_000_000)) > 0 {
		t.Errorf("cost %s for %d ms, want about %s", *got.Amount, m.Usage.Attempts[0].AudioMS, want.FloatString(6))
	}
}

func TestThePriceListWhereTheVendorSaysNothing(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.NullCost}}))
	cfg.Prices = ownPrice("kugelaudio")
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "ab cd."})
	m := c.completed("g")
	want := fmt.Sprintf("%d.%06d", m.Usage.Attempts[0].Characters/4, m.Usage.Attempts[0].Characters%4*250_000)
	if len(m.Usage.Cost) != 1 {
		t.Fatalf("costs %+v, want one", m.Usage.Cost)
	}
	got := m.Usage.Cost[0]
	same(t, "source of the cost", got.Source, "price_list")
	same(t, "amount", value(got.Amount), want)
	same(t, "currency", value(got.Currency), "USD")
	same(t, "estimated", got.Estimated, false)
}

func TestAnUnknownCostIsNullNeverZero(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.NullCost}}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	got := c.completed("g").Usage.Cost
	if len(got) != 1 {
		t.Fatalf("costs %+v, want one", got)
	}
	same(t, "source of the cost", got[0].Source, "unavailable")
	same(t, "amount", got[0].Amount, nil)
	same(t, "currency", got[0].Currency, nil)
}

// Whether this vendor names the cost of what was cancelled is not known. Where it does that figure counts; where it
// doesn't, what arrived is priced by the list, and said to be an estimate.
//
// Not parallel: a done waits only a moment for the vendor's figure, and a busy machine would let it pass.
func TestACancelledGenerationIsPricedToo(t *testing.T) {
	for quirk, source := range map[string]string{"usageAfterImmediate:true": "provider", "usageAfterImmediate:false": "price_list"} {
		t.Run(quirk, func(t *testing.T) {
			cfg := speaksByOne(quirky(t, quirk, emulator.Options{Pace: 4}))
			cfg.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": "audio_second", "amount": "0.001", "currency": "EUR"}}
			c := serve(t, cfg).dial(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
			c.await("audio", func(m message) bool { return m.kind == "audio" && m.Seq == 3 })
			c.send(j{"type": "cancel", "generation_id": "g"})
			m := c.done("g")
			got := m.Usage.Cost
			if len(got) != 1 || got[0].Source != source || got[0].Estimated != (source == "price_list") || *got[0].Amount == "0.000000" {
				t.Errorf("cost of a cancelled generation: %s", m)
			}
		})
	}
}

// Attempts that were not heard are in the sum as well.
func TestCostsOfAllAttemptsAreSummed(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "empty", emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})
	cfg.Prices = []map[string]any{{"provider": "ill", "model": "*", "unit": "request", "amount": "0.01", "currency": "EUR"}}
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	m := c.completed("g") // the checker adds up the attempts
	if len(m.Usage.Attempts) != 2 || len(m.Usage.Cost) == 0 {
		t.Errorf("usage of two attempts: %s", m)
	}
}

// What a client asked for and what was spoken of it are told apart; and a vendor that nothing was sent to has charged
// nothing, though no price of it is known.
func TestCharactersNotSpokenAreCountedApart(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "refuse", emulator.Options{}), emulate(t, emulator.Options{Pace: 1})
	cfg := withTenants(speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well}))
	cfg.Prices = ownPrice("well")
	r := serve(t, cfg)
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "whole", "text": twelve})
	whole := c.completed("whole")
	c.send(j{"type": "generate", "generation_id": "refused", "text": twelve, "route": "ill"})
	refused := c.done("refused")
	c.send(j{"type": "generate", "generation_id": "cut", "text": threeSentences})
	c.await("audio", func(m message) bool { return m.kind == "audio" && m.ID == "cut" && m.Seq == 3 })
	c.send(j{"type": "cancel", "generation_id": "cut"})
	cut := c.done("cut")
	if first := whole.Usage.Attempts[0].Cost; first.Amount == nil || *first.Amount != "0.000000" {
		t.Errorf("the attempt at a vendor that refused to connect costs %+v, want 0", first)
	}
	got := r.usage(t, acmeKey, "").Groups[0]
	asked := int64(2*len(twelve) + len(threeSentences))
	if spoken := int64(len(twelve) + cut.Spoken.Char); got.Characters != asked || got.Spoken != spoken || cut.Spoken.Char >= len(threeSentences) {
		t.Errorf("%d characters asked for and %d spoken, want %d and %d", got.Characters, got.Spoken, asked, spoken)
	}
	if got.Unpriced != 0 {
		t.Errorf("%d attempts unpriced, want none: %s", got.Unpriced, refused)
	}
}
