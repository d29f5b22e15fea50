package config

import (
	"strings"
	"testing"

	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/tone"
)

// vendorEnvironment has a driver by the name of a vendor that has list prices.
func vendorEnvironment() Environment {
	env := fakeEnvironment()
	open := func(_ fakeOptions, env upstream.Env) (upstream.Provider, error) {
		return tone.New(tone.Config{}, env), nil
	}
	env.Drivers = append(env.Drivers, upstream.NewDriver("cartesia", fakeOptions{}, open))
	return env
}

const vendorFile = `
providers: {one: {adapter: cartesia, api_key: k1}, two: {adapter: cartesia, api_key: k2}}
routes: {default: {targets: [{provider: one, model: sonic-3}, {provider: two, model: sonic-3}]}}
voices: {narrator: {ids: {one: a, two: b}}}
`

// A vendor's list prices hold for all its providers, but for those of which the file says more.
func TestListPricesAreTaken(t *testing.T) {
	own := "list_prices: [cartesia]\nprices: [{provider: two, unit: character, amount: \"0.00004\", currency: EUR}]\n"
	s, _, err := Parse("test", []byte(vendorFile+own), vendorEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	million := billing.Usage{Characters: 1_000_000}
	for provider, want := range map[string]string{"one": "65.000000 USD", "two": "40.000000 EUR"} {
		if got := s.Prices.Price(provider, "sonic-3", million).Money.String(); got != want {
			t.Errorf("a million characters at %s cost %s, want %s", provider, got, want)
		}
	}
	if got := s.Unpriced(); len(got) > 0 {
		t.Errorf("unpriced: %q", got)
	}
}

// What nobody knows the price of is said, with what would tell it.
func TestTargetsWithoutAPriceAreNamed(t *testing.T) {
	s, _, err := Parse("test", []byte(vendorFile), vendorEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	got := s.Unpriced()
	if len(got) != 2 || !strings.HasPrefix(got[0], "no price of one/sonic-3") || !strings.HasSuffix(got[0], "list_prices: [cartesia] has what the vendor's list says") {
		t.Errorf("unpriced: %q", got)
	}
	_, _, err = Parse("test", []byte(vendorFile+"list_prices: [none]\n"), vendorEnvironment())
	if want := `list_prices[0]: no list prices of "none"; there are: cartesia, deepgram, elevenlabs, fish, inworld, kugelaudio, minimax, openai, rime, soniox, together`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
