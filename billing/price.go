package billing

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Price is an entry of the price list.
type Price struct {
	// Provider is a provider's name in the configuration.
	Provider string `yaml:"provider" json:"provider"`
	// Model is a model's name, or the beginning of one and a star; "*", for all of them, where it is empty.
	Model string `yaml:"model" json:"model"`
	// Unit is what Amount buys one of.
	Unit Unit `yaml:"unit" json:"unit"`
	// Amount is a decimal in whole units of the currency, with at most twelve decimals.
	Amount string `yaml:"amount" json:"amount"`
	// OutputAmount is what a token of audio costs, where the unit is one; Amount is for those of text then.
	OutputAmount string `yaml:"output_amount" json:"output_amount,omitempty"`
	// Currency is an ISO 4217 code.
	Currency string `yaml:"currency" json:"currency"`
}

// Validate reports each field that is no good, by its name in the configuration.
func (p Price) Validate(report func(field, reason string)) {
	if p.Provider == "" {
		report("provider", "is missing")
	}
	if strings.Contains(strings.TrimSuffix(p.Model, "*"), "*") {
		report("model", "a star may stand at the end only")
	}
	if !slices.Contains(Units, p.Unit) {
		report("unit", fmt.Sprintf("must be one of %v, not %q", Units, string(p.Unit)))
	}
	if _, err := picosOf(p.Amount); err != nil {
		report("amount", err.Error())
	}
	if reason := p.faultyOutput(); reason != "" {
		report("output_amount", reason)
	}
	if !KnownCurrency(p.Currency) {
		report("currency", `must be a currency of ISO 4217, such as "EUR"`)
	}
}

// faultyOutput says what is wrong with the price of a token of audio; empty: nothing.
func (p Price) faultyOutput() string {
	switch {
	case p.Unit != Token && p.OutputAmount != "":
		return fmt.Sprintf("is for the unit %q only", Token)
	case p.Unit != Token:
		return ""
	case p.OutputAmount == "":
		return "is missing: what a token of audio costs"
	}
	if _, err := picosOf(p.OutputAmount); err != nil {
		return err.Error()
	}
	return ""
}

// SameTarget reports whether two prices are for the same provider and models, so that they contradict each other.
func (p Price) SameTarget(other Price) bool {
	return p.Provider == other.Provider && cmp.Or(p.Model, "*") == cmp.Or(other.Model, "*")
}

// picoDigits is the precision of prices: vendors quote a few units for a million characters.
const picoDigits = 12

// maxPicos is a million units, for one of anything.
const maxPicos = 1_000_000_000_000_000_000

// picosOf is an amount in millionths of a millionth of the currency's unit.
func picosOf(amount string) (int64, error) {
	d, err := parseDecimal(amount)
	if err != nil {
		return 0, err
	}
	picos, exact, err := d.integer(picoDigits)
	switch {
	case err != nil:
		return 0, err
	case !exact:
		return 0, fmt.Errorf("more than %d decimals", picoDigits)
	case picos > maxPicos:
		return 0, ErrOverflow
	}
	return picos, nil
}

// PriceList prices attempts. It is immutable.
type PriceList struct {
	prices  []Price // as they were written
	entries []entry // most specific first
	hash    string
}

type entry struct {
	Price
	picos       int64 // of the currency's unit, for one of the unit
	outputPicos int64 // for a token of audio
}

// entryOf is a price that is valid.
func entryOf(p Price) (e entry, err error) {
	p.Model = cmp.Or(p.Model, "*")
	e.Price = p
	if e.picos, err = picosOf(p.Amount); err == nil && p.Unit == Token {
		e.outputPicos, err = picosOf(p.OutputAmount)
	}
	return e, err
}

// NewPriceList is the list of the given prices, which are valid each.
func NewPriceList(prices []Price) (*PriceList, error) {
	l := &PriceList{prices: slices.Clone(prices)}
	for i, p := range prices {
		e, err := entryOf(p)
		if err != nil {
			return nil, fmt.Errorf("price %d: %w", i, err)
		}
		if slices.ContainsFunc(prices[:i], p.SameTarget) {
			return nil, fmt.Errorf("price %d: a second one for %s and %s", i, e.Provider, e.Model)
		}
		l.entries = append(l.entries, e)
	}
	slices.SortStableFunc(l.entries, func(a, b entry) int { return cmp.Compare(b.specificity(), a.specificity()) })
	l.hash = hashOf(prices)
	return l, nil
}

// specificity orders prices that match the same model: an exact name, then the longer beginning.
func (e entry) specificity() int {
	if !strings.HasSuffix(e.Model, "*") {
		return 1 << 20
	}
	return len(e.Model)
}

// Matches reports whether the price is for a provider's model.
func (p Price) Matches(provider, model string) bool {
	if p.Provider != provider {
		return false
	}
	if beginning, ok := strings.CutSuffix(cmp.Or(p.Model, "*"), "*"); ok {
		return strings.HasPrefix(model, beginning)
	}
	return p.Model == model
}

// Price is what an attempt cost by this list: of the most specific entry for its provider and model, or
// unavailable where there is none. What used nothing of a vendor costs nothing, whether its price is known or not.
func (l *PriceList) Price(provider, model string, u Usage) Cost {
	e, found := l.find(provider, model)
	switch {
	case found:
		return e.price(u)
	case u == Usage{}:
		return Cost{Money: Money{Currency: l.currency()}, Source: FromPriceList}
	}
	return Cost{Source: Unavailable}
}

// Currency is that of the price of a provider's model; empty: the list has none.
func (l *PriceList) Currency(provider, model string) string {
	e, _ := l.find(provider, model)
	return e.Currency
}

// find is the most specific entry for a provider's model.
func (l *PriceList) find(provider, model string) (e entry, found bool) {
	i := slices.IndexFunc(l.entries, func(e entry) bool { return e.Matches(provider, model) })
	if i < 0 {
		return entry{}, false
	}
	return l.entries[i], true
}

// currency is that of the first price; nothing is the same in any. Empty: there is no price.
func (l *PriceList) currency() string {
	if len(l.prices) == 0 {
		return ""
	}
	return l.prices[0].Currency
}

// Prices are those that the list was made of, in their order.
func (l *PriceList) Prices() []Price { return slices.Clone(l.prices) }

// Hash names the list's content, for records. It is empty where the list is.
func (l *PriceList) Hash() string { return l.hash }

// price rounds half up, once. What is out of all proportion is unavailable. Tokens that no vendor told are an estimate.
func (e entry) price(u Usage) Cost {
	n, perUnit := u.quantity(e.Unit)
	high, low := bits.Mul64(uint64(e.picos), uint64(max(n, 0)))
	if e.Unit == Token {
		_, output := u.tokens()
		moreHigh, moreLow := bits.Mul64(uint64(e.outputPicos), uint64(max(output, 0)))
		high, low = add128(high, low, moreHigh, moreLow)
	}
	divisor := uint64(perUnit) * picosPerMicro
	high, low = add128(high, low, 0, divisor/2)
	if high >= divisor {
		return Cost{Source: Unavailable}
	}
	micros, _ := bits.Div64(high, low, divisor)
	if micros > maxMicros {
		return Cost{Source: Unavailable}
	}
	return Cost{
		Money:     Money{Micros: int64(micros), Currency: e.Currency},
		Source:    FromPriceList,
		Estimated: e.Unit == Token && u != Usage{} && !u.Metered.hasTokens(),
	}
}

// add128 is a sum. No price comes near its end: each factor has 63 bits.
func add128(aHigh, aLow, bHigh, bLow uint64) (high, low uint64) {
	low, carry := bits.Add64(aLow, bLow, 0)
	high, _ = bits.Add64(aHigh, bHigh, carry)
	return high, low
}

const picosPerMicro = 1_000_000

// hashOf names a list's content by 64 bits, in the order in which it was written.
func hashOf(prices []Price) string {
	if len(prices) == 0 {
		return ""
	}
	h := sha256.New()
	for _, p := range prices {
		fmt.Fprintf(h, "%q %q %q %q %q", p.Provider, p.Model, p.Unit, p.Amount, p.Currency)
		if p.OutputAmount != "" {
			fmt.Fprintf(h, " %q", p.OutputAmount)
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
