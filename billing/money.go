package billing

import (
	"errors"
	"fmt"

	"golang.org/x/text/currency"
)

// Money is an amount of one currency. It is never negative.
type Money struct {
	// Micros is millionths of the currency's unit.
	Micros int64
	// Currency is its ISO 4217 code.
	Currency string
}

// maxMicros is a thousand million units: what passes it is a fault of the sender, and some nine thousand of it
// can be added up in 64 bits.
const maxMicros = 1_000_000_000 * microsPerUnit

const (
	microsPerUnit = 1_000_000
	microDigits   = 6
)

// ErrCurrency says that a currency is none, or that two amounts are not of one.
var ErrCurrency = errors.New("currency is not three capital letters, or not the same one")

// Parse reads a decimal, as JSON or the configuration writes it, scaled by a power of ten: "0.18" with scale -2
// is 0.18 hundredths of a unit. It is exact up to the sixth decimal, and rounded half up there.
func Parse(decimal string, scale int, currency string) (Money, error) {
	if !isCurrency(currency) {
		return Money{}, ErrCurrency
	}
	d, err := parseDecimal(decimal)
	if err != nil {
		return Money{}, err
	}
	micros, _, err := d.integer(scale + microDigits)
	if err != nil {
		return Money{}, err
	}
	if micros > maxMicros {
		return Money{}, ErrOverflow
	}
	return Money{Micros: micros, Currency: currency}, nil
}

// Add is the sum of two amounts of one currency.
func (m Money) Add(other Money) (Money, error) {
	if m.Currency != other.Currency {
		return Money{}, ErrCurrency
	}
	sum := m.Micros + other.Micros
	if sum < m.Micros {
		return Money{}, ErrOverflow
	}
	return Money{Micros: sum, Currency: m.Currency}, nil
}

// Amount is the amount in whole units with six decimals, without the currency.
func (m Money) Amount() string {
	return fmt.Sprintf("%d.%06d", m.Micros/microsPerUnit, m.Micros%microsPerUnit)
}

// String is the amount and its currency, as in "0.001800 EUR".
func (m Money) String() string { return m.Amount() + " " + m.Currency }

// KnownCurrency reports whether s is a code of ISO 4217 that is in use or was. A vendor's charge may be in one that this
// table does not know yet; a configuration's can't, since it would bound or price nothing.
func KnownCurrency(s string) bool {
	_, err := currency.ParseISO(s)
	return err == nil && isCurrency(s)
}

// isCurrency reports whether s has the form of an ISO 4217 code.
func isCurrency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for _, c := range []byte(s) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// Units is about the amount in whole units of the currency: for graphs, not for books.
func (m Money) Units() float64 { return float64(m.Micros) / microsPerUnit }
