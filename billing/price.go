package billing

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Unit is what a price is for.
type Unit string

// The units of prices.
const (
	AudioSecond Unit = "audio_second" // of audio received from the vendor
	Character   Unit = "character"    // a code point of the text sent to the vendor
	Byte        Unit = "byte"         // of that text in UTF-8
	Request     Unit = "request"      // a piece
)

// Units lists every unit.
var Units = []Unit{AudioSecond, Character, Byte, Request}

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
	if _, err := p.picos(); err != nil {
		report("amount", err.Error())
	}
	if !KnownCurrency(p.Currency) {
		report("currency", `must be a currency of ISO 4217, such as "EUR"`)
	}
}

// SameTarget reports whether two prices are for the same provider and models, so that they contradict each other.
func (p Price) SameTarget(other Price) bool {
	return p.Provider == other.Provider && cmp.Or(p.Model, "*") == cmp.Or(other.Model, "*")
}

// picoDigits is the precision of prices: vendors quote a few units for a million characters.
const picoDigits = 12

// maxPicos is a million units, for one of anything.
const maxPicos = 1_000_000_000_000_000_000

func (p Price) picos() (int64, error) {
	d, err := parseDecimal(p.Amount)
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

// Usage is what an attempt took of a vendor.
type Usage struct {
	// Audio is the length of what was received.
	Audio time.Duration
	// Characters and Bytes measure the text that was sent, Requests the pieces.
	Characters, Bytes, Requests int64
}

// CharactersPerSecond is how much text makes a second of speech, as far as nothing better is known: vendors speak English
// at 13 to 16.
const CharactersPerSecond = 14

// SpeechTime is about how long it takes to speak so many characters.
func SpeechTime(characters int64) time.Duration {
	return time.Duration(characters) * time.Second / CharactersPerSecond
}

// quantity is how much of a unit was used, in parts of which perUnit make one unit.
func (u Usage) quantity(unit Unit) (n, perUnit int64) {
	switch unit {
	case AudioSecond:
		return int64(u.Audio), int64(time.Second)
	case Character:
		return u.Characters, 1
	case Byte:
		return u.Bytes, 1
	default:
		return u.Requests, 1
	}
}

// PriceList prices attempts. It is immutable.
type PriceList struct {
	prices  []Price // as they were written
	entries []entry // most specific first
	hash    string
}

type entry struct {
	Price
	picos int64 // of the currency's unit, for one of the unit
}

// NewPriceList is the list of the given prices, which are valid each.
func NewPriceList(prices []Price) (*PriceList, error) {
	l := &PriceList{prices: slices.Clone(prices)}
	for i, p := range prices {
		picos, err := p.picos()
		if err != nil {
			return nil, fmt.Errorf("price %d: %w", i, err)
		}
		p.Model = cmp.Or(p.Model, "*")
		if slices.ContainsFunc(prices[:i], p.SameTarget) {
			return nil, fmt.Errorf("price %d: a second one for %s and %s", i, p.Provider, p.Model)
		}
		l.entries = append(l.entries, entry{Price: p, picos: picos})
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

// price rounds half up, once. What is out of all proportion is unavailable.
func (e entry) price(u Usage) Cost {
	n, perUnit := e.quantityOf(u)
	divisor := uint64(perUnit) * picosPerMicro
	high, low := bits.Mul64(uint64(e.picos), uint64(n))
	low, carry := bits.Add64(low, divisor/2, 0)
	high += carry
	if high >= divisor {
		return Cost{Source: Unavailable}
	}
	micros, _ := bits.Div64(high, low, divisor)
	if micros > maxMicros {
		return Cost{Source: Unavailable}
	}
	return Cost{Money: Money{Micros: int64(micros), Currency: e.Currency}, Source: FromPriceList}
}

const picosPerMicro = 1_000_000

// quantityOf is the usage in the entry's unit; never negative.
func (e entry) quantityOf(u Usage) (n, perUnit int64) {
	n, perUnit = u.quantity(e.Unit)
	return max(n, 0), perUnit
}

// hashOf names a list's content by 64 bits, in the order in which it was written.
func hashOf(prices []Price) string {
	if len(prices) == 0 {
		return ""
	}
	h := sha256.New()
	for _, p := range prices {
		fmt.Fprintf(h, "%q %q %q %q %q\n", p.Provider, p.Model, p.Unit, p.Amount, p.Currency)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
