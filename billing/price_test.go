package billing

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustList(t *testing.T, prices ...Price) *PriceList {
	t.Helper()
	list, err := NewPriceList(prices)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPriceByUnit(t *testing.T) {
	usage := Usage{Audio: 2500 * time.Millisecond, Characters: 31, UTF16Units: 35, Chinese: 4, Bytes: 40, Requests: 3}
	cases := []struct {
		name   string
		unit   Unit
		amount string
		want   string
	}{
		{"audio", AudioSecond, "0.0009", "0.002250"},
		{"a part of a minute", AudioMinute, "0.03", "0.001250"},
		{"a part of an hour", AudioHour, "0.70", "0.000486"}, // 486.1 micros
		{"UTF-16", UTF16Unit, "0.00003", "0.001050"},
		{"Chinese characters twice", ChineseTwice, "0.0001", "0.003500"},
		{"characters", Character, "0.00003", "0.000930"},
		{"bytes", Byte, "0.00003", "0.001200"},
		{"requests", Request, "0.01", "0.030000"},
		{"finer than a micro-unit, rounded once at the end", Character, "0.0000045", "0.000140"}, // 139.5 micros
		{"free", Character, "0", "0.000000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list := mustList(t, Price{Provider: "p", Unit: c.unit, Amount: c.amount, Currency: "USD"})
			got := list.Price("p", "m", usage)
			if got.Source != FromPriceList || got.Money.Currency != "USD" || got.Money.Amount() != c.want {
				t.Errorf("Price = %+v, want %s USD from the price list", got, c.want)
			}
		})
	}
}

func TestPriceTakesTheMostSpecific(t *testing.T) {
	price := func(model, amount string) Price {
		return Price{Provider: "p", Model: model, Unit: Request, Amount: amount, Currency: "EUR"}
	}
	list := mustList(t, price("", "1"), price("org/*", "2"), price("org/model-*", "3"), price("org/model-1", "4"))
	cases := []struct{ provider, model, want string }{
		{"p", "", "1.000000"},
		{"p", "other", "1.000000"},
		{"p", "org/other", "2.000000"},
		{"p", "org/model-2", "3.000000"},
		{"p", "org/model-1", "4.000000"},
	}
	for _, c := range cases {
		if got := list.Price(c.provider, c.model, Usage{Requests: 1}).Money.Amount(); got != c.want {
			t.Errorf("price of %s/%s = %s, want %s", c.provider, c.model, got, c.want)
		}
	}
	if got := list.Price("q", "org/model-1", Usage{Requests: 1}); got != (Cost{Source: Unavailable}) {
		t.Errorf("price at an unlisted provider = %+v, want unavailable", got)
	}
}

func TestPriceOutOfProportionIsUnavailable(t *testing.T) {
	list := mustList(t, Price{Provider: "p", Unit: Character, Amount: "1000000", Currency: "EUR"})
	for _, n := range []int64{1001, math.MaxInt64} {
		if got := list.Price("p", "", Usage{Characters: n}); got != (Cost{Source: Unavailable}) {
			t.Errorf("price of %d characters = %+v, want unavailable", n, got)
		}
	}
	if got := list.Price("p", "", Usage{Characters: -1}); got.Money.Micros != 0 {
		t.Errorf("price of a negative quantity = %+v, want 0", got)
	}
}

// drawUsage is any usage of up to an hour of audio and 400,000 of everything else.
func drawUsage(t *rapid.T) Usage {
	n := rapid.Int64Range(0, 400_000)
	u := Usage{
		Audio:      time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "audio")),
		Characters: n.Draw(t, "characters"), UTF16Units: n.Draw(t, "UTF-16"), Chinese: n.Draw(t, "Chinese"),
		Bytes: n.Draw(t, "bytes"), Requests: n.Draw(t, "requests"),
	}
	if rapid.Bool().Draw(t, "metered") {
		u.Metered = Metered{n.Draw(t, "metered characters"), n.Draw(t, "input"), n.Draw(t, "output")}
	}
	return u
}

// A price agrees with exact arithmetic, rounded half up once, whatever the unit.
func TestPriceIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.StringMatching(`[0-9]{1,3}\.[0-9]{1,12}`)
		p := Price{Provider: "p", Unit: rapid.SampledFrom(Units).Draw(t, "unit"), Amount: amount.Draw(t, "amount"), Currency: "EUR"}
		if p.Unit == Token {
			p.OutputAmount = amount.Draw(t, "output")
		}
		list, err := NewPriceList([]Price{p})
		if err != nil {
			t.Fatal(err)
		}
		u := drawUsage(t)
		exact := costByRatio(p, u)
		exact.Mul(exact, big.NewRat(microsPerUnit, 1))
		exact.Add(exact, big.NewRat(1, 2))
		want := new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
		if got := list.Price("p", "", u); got.Money.Micros != want || !got.Known() {
			t.Fatalf("%+v of %+v = %+v, want %d micros", p, u, got, want)
		}
	})
}

// costByRatio is what a usage costs in units of the currency, worked out from the definition of each unit.
func costByRatio(p Price, u Usage) *big.Rat {
	times := func(amount string, n, perUnit int64) *big.Rat {
		r, _ := new(big.Rat).SetString(amount)
		return r.Mul(r, big.NewRat(n, perUnit))
	}
	characters := map[Unit]int64{Character: u.Characters, UTF16Unit: u.UTF16Units, ChineseTwice: u.Characters + u.Chinese}
	switch n, ofCharacters := characters[p.Unit]; {
	case ofCharacters && u.Metered.Characters > 0:
		return times(p.Amount, u.Metered.Characters, 1)
	case ofCharacters:
		return times(p.Amount, n, 1)
	case p.Unit == Byte:
		return times(p.Amount, u.Bytes, 1)
	case p.Unit == Request:
		return times(p.Amount, u.Requests, 1)
	case p.Unit == Token && u.Metered.InputTokens+u.Metered.OutputTokens > 0:
		input := times(p.Amount, u.Metered.InputTokens, 1)
		return input.Add(input, times(p.OutputAmount, u.Metered.OutputTokens, 1))
	case p.Unit == Token:
		input, output := times(p.Amount, (u.Bytes+3)/4, 1), times(p.OutputAmount, (u.Audio.Milliseconds()*1250+59_999)/60_000, 1)
		return input.Add(input, output)
	}
	seconds := map[Unit]int64{AudioSecond: 1, AudioMinute: 60, AudioHour: 3600}
	return times(p.Amount, int64(u.Audio), seconds[p.Unit]*int64(time.Second))
}

func TestNewPriceListRefuses(t *testing.T) {
	good := Price{Provider: "p", Unit: Request, Amount: "1", Currency: "EUR"}
	bad := good
	bad.Amount = "0.0000000000001"
	star := good
	star.Model = "*"
	tokens := good
	tokens.Unit, tokens.OutputAmount = Token, "x"
	for name, prices := range map[string][]Price{
		"a thirteenth decimal": {bad}, "two for the same models": {good, star}, "no price of audio": {tokens},
	} {
		if _, err := NewPriceList(prices); err == nil {
			t.Errorf("%s: taken, want an error", name)
		}
	}
}

func TestPriceValidate(t *testing.T) {
	good := Price{Provider: "p", Model: "org/*", Unit: Character, Amount: "0.1", Currency: "EUR"}
	cases := []struct {
		name string
		edit func(*Price)
		want []string
	}{
		{"good", func(*Price) {}, nil},
		{"no provider", func(p *Price) { p.Provider = "" }, []string{"provider"}},
		{"star in the middle", func(p *Price) { p.Model = "a*b" }, []string{"model"}},
		{"two stars", func(p *Price) { p.Model = "a**" }, []string{"model"}},
		{"unit", func(p *Price) { p.Unit = "word" }, []string{"unit"}},
		{"negative", func(p *Price) { p.Amount = "-1" }, []string{"amount"}},
		{"above a million", func(p *Price) { p.Amount = "1000001" }, []string{"amount"}},
		{"tokens", func(p *Price) { p.Unit, p.OutputAmount = Token, "0" }, nil},
		{"tokens of text alone", func(p *Price) { p.Unit = Token }, []string{"output_amount"}},
		{"a bad price of audio", func(p *Price) { p.Unit, p.OutputAmount = Token, "-1" }, []string{"output_amount"}},
		{"a price of audio where none is billed", func(p *Price) { p.OutputAmount = "1" }, []string{"output_amount"}},
		{"currency", func(p *Price) { p.Currency = "euro" }, []string{"currency"}},
		{"everything", func(p *Price) { *p = Price{} }, []string{"provider", "unit", "amount", "currency"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := good
			c.edit(&p)
			var got []string
			p.Validate(func(field, _ string) { got = append(got, field) })
			if !slices.Equal(got, c.want) {
				t.Errorf("faults = %v, want %v", got, c.want)
			}
		})
	}
}

func TestHashTellsListsApart(t *testing.T) {
	a := Price{Provider: "p", Unit: Request, Amount: "1", Currency: "EUR"}
	b := a
	b.Amount = "2"
	if mustList(t).Hash() != "" {
		t.Error("an empty list has a hash")
	}
	if got := mustList(t, a).Hash(); got == mustList(t, b).Hash() || got != mustList(t, a).Hash() || len(got) != 16 {
		t.Errorf("Hash() = %q, want 16 digits that follow from the content", got)
	}
	if got := mustList(t, a).Hash(); got != "be68e2a8e5a635fd" {
		t.Errorf("Hash() = %q, and records of earlier versions name this list otherwise", got)
	}
	tokens, others := a, a
	tokens.Unit, tokens.OutputAmount = Token, "1"
	others.Unit, others.OutputAmount = Token, "2"
	if mustList(t, tokens).Hash() == mustList(t, others).Hash() {
		t.Error("two prices of audio have one hash")
	}
}

// What nothing was sent to, or received from, costs nothing, though its price is not known: it is not unpriced.
func TestNothingUsedCostsNothing(t *testing.T) {
	eur := Price{Provider: "oak", Unit: Character, Amount: "1", Currency: "EUR"}
	usd := Price{Provider: "elm", Unit: Character, Amount: "1", Currency: "USD"}
	cases := []struct {
		name     string
		prices   []Price
		used     Usage
		known    bool
		currency string
	}{
		{"no price at all", nil, Usage{}, true, ""},
		{"prices of one currency", []Price{eur}, Usage{}, true, "EUR"},
		{"prices of several", []Price{usd, eur}, Usage{}, true, "USD"},
		{"a piece was sent", []Price{eur}, Usage{Requests: 1, Characters: 3, Bytes: 3}, false, ""},
		{"audio came", []Price{eur}, Usage{Audio: time.Second}, false, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list, err := NewPriceList(c.prices)
			if err != nil {
				t.Fatal(err)
			}
			got := list.Price("ash", "", c.used)
			if got.Known() != c.known || got.Money != (Money{Currency: c.currency}) {
				t.Errorf("cost %+v, want it known: %t, in %q", got, c.known, c.currency)
			}
			r := Record{Attempts: []Attempt{{Provider: "ash", Outcome: Failed, Cost: got}}}
			for _, s := range r.Shares() {
				if (s.Value.Unpriced == 0) != c.known || s.Value.Micros != 0 {
					t.Errorf("share %+v, want it unpriced: %t", s, !c.known)
				}
			}
			if list.Currency("ash", "") != "" {
				t.Error("a currency of a price that there is none of")
			}
		})
	}
}
