package billing

import (
	"errors"
	"strconv"
	"strings"
)

// decimal is digits × 10^exponent, exact.
type decimal struct {
	digits   string // without leading zeros; "" is zero
	exponent int
}

// Bounds on what is taken for a decimal: far beyond any amount, and small enough that exponents can't overflow.
const (
	maxDecimalLength = 128
	maxExponent      = 1000
)

// maxInteger is more than any amount that is accepted, in any unit that it is counted in.
const (
	maxInteger       = 1_000_000_000_000_000_000
	maxIntegerDigits = 19
)

// Faults of amounts.
var (
	ErrAmount   = errors.New("not a decimal amount")
	ErrNegative = errors.New("negative amount")
	ErrOverflow = errors.New("amount too large")
)

// parseDecimal reads a number as JSON writes it; leading zeros and a leading plus are accepted too. Some vendors'
// serializers write small amounts as 1.8e-05.
func parseDecimal(s string) (decimal, error) {
	if len(s) > maxDecimalLength {
		return decimal{}, ErrAmount
	}
	unsigned, negative := strings.CutPrefix(s, "-")
	if !negative {
		unsigned = strings.TrimPrefix(s, "+")
	}
	mantissa, exponent, err := splitExponent(unsigned)
	if err != nil {
		return decimal{}, err
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	if whole == "" || (point && fraction == "") || !isDigits(whole) || !isDigits(fraction) {
		return decimal{}, ErrAmount
	}
	d := decimal{digits: strings.TrimLeft(whole+fraction, "0"), exponent: exponent - len(fraction)}
	if negative && d.digits != "" {
		return decimal{}, ErrNegative
	}
	return d, nil
}

func splitExponent(s string) (mantissa string, exponent int, err error) {
	at := strings.IndexAny(s, "eE")
	if at < 0 {
		return s, 0, nil
	}
	exponent, err = strconv.Atoi(s[at+1:]) // takes one sign, and nothing but decimal digits
	if err != nil || exponent > maxExponent || exponent < -maxExponent {
		return "", 0, ErrAmount
	}
	return s[:at], exponent, nil
}

// integer is the decimal times 10^scale, rounded half up. exact is false where digits were lost.
func (d decimal) integer(scale int) (n int64, exact bool, err error) {
	shift := d.exponent + scale
	if d.digits == "" || len(d.digits)+shift < 0 {
		return 0, d.digits == "", nil // zero, or less than a tenth of the last place
	}
	if len(d.digits)+shift > maxIntegerDigits {
		return 0, false, ErrOverflow
	}
	kept, lost := d.digits, ""
	if shift < 0 {
		kept, lost = d.digits[:len(d.digits)+shift], d.digits[len(d.digits)+shift:]
	} else {
		kept += strings.Repeat("0", shift)
	}
	if kept != "" {
		if n, err = strconv.ParseInt(kept, 10, 64); err != nil || n > maxInteger {
			return 0, false, ErrOverflow
		}
	}
	if lost != "" && lost[0] >= '5' {
		n++ // far from an overflow
	}
	return n, strings.Trim(lost, "0") == "", nil
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
