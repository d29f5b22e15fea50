package billing

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	cases := []struct {
		name, decimal string
		scale         int
		want          string
		err           error
	}{
		{"whole", "5", 0, "5.000000", nil},
		{"cents", "0.18", -2, "0.001800", nil},
		{"cents as an integer", "18", -2, "0.180000", nil},
		{"zero", "0", 0, "0.000000", nil},
		{"zeros", "000.000", 0, "0.000000", nil},
		{"minus zero", "-0.0", 0, "0.000000", nil},
		{"plus", "+1.5", 0, "1.500000", nil},
		{"six decimals", "0.123456", 0, "0.123456", nil},
		{"half goes up", "0.0000005", 0, "0.000001", nil},
		{"just below half goes down", "0.00000049999999999999", 0, "0.000000", nil},
		{"half goes up into the next place", "0.9999995", 0, "1.000000", nil},
		{"as small floats are written", "1.8e-05", 0, "0.000018", nil},
		{"large exponent", "1.5E+3", 0, "1500.000000", nil},
		{"hundredth of a half", "0.00005", -2, "0.000001", nil},
		{"far too small", "1e-900", 0, "0.000000", nil},
		{"the most", "1000000000", 0, "1000000000.000000", nil},
		{"above the most", "1000000000.000001", 0, "", ErrOverflow},
		{"beyond 64 bits", "99999999999999999999", 0, "", ErrOverflow},
		{"far too large", "1e900", 0, "", ErrOverflow},
		{"negative", "-0.01", 0, "", ErrNegative},
		{"empty", "", 0, "", ErrAmount},
		{"a word", "free", 0, "", ErrAmount},
		{"null", "null", 0, "", ErrAmount},
		{"comma", "1,5", 0, "", ErrAmount},
		{"no whole part", ".5", 0, "", ErrAmount},
		{"no fraction", "5.", 0, "", ErrAmount},
		{"two points", "1.2.3", 0, "", ErrAmount},
		{"two signs", "+-1", 0, "", ErrAmount},
		{"sign only", "-", 0, "", ErrAmount},
		{"exponent without digits", "1e", 0, "", ErrAmount},
		{"exponent with two signs", "1e+-5", 0, "", ErrAmount},
		{"exponent out of all bounds", "1e99999999999999999999", 0, "", ErrAmount},
		{"underscore", "1_000", 0, "", ErrAmount},
		{"hexadecimal", "0x10", 0, "", ErrAmount},
		{"other digits", "١٢", 0, "", ErrAmount},
		{"space", " 1", 0, "", ErrAmount},
		{"not a number", "NaN", 0, "", ErrAmount},
		{"without end", strings.Repeat("0", 1000), 0, "", ErrAmount},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.decimal, c.scale, "EUR")
			if !errors.Is(err, c.err) {
				t.Fatalf("Parse(%q) = %v, want %v", c.decimal, err, c.err)
			}
			if err == nil && got.Amount() != c.want {
				t.Errorf("Parse(%q) = %s, want %s", c.decimal, got.Amount(), c.want)
			}
		})
	}
}

func TestParseWantsACurrency(t *testing.T) {
	for _, currency := range []string{"", "eur", "EURO", "E1R", "€UR"} {
		if _, err := Parse("1", 0, currency); !errors.Is(err, ErrCurrency) {
			t.Errorf("Parse in %q = %v, want %v", currency, err, ErrCurrency)
		}
	}
}

func TestMoneyString(t *testing.T) {
	if got, want := (Money{Micros: 1800, Currency: "EUR"}).String(), "0.001800 EUR"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestAddRefusesWhatItCannotAdd(t *testing.T) {
	if _, err := (Money{1, "EUR"}).Add(Money{1, "USD"}); !errors.Is(err, ErrCurrency) {
		t.Errorf("EUR + USD = %v, want %v", err, ErrCurrency)
	}
	if _, err := (Money{1 << 62, "EUR"}).Add(Money{1 << 62, "EUR"}); !errors.Is(err, ErrOverflow) {
		t.Errorf("an overflow = %v, want %v", err, ErrOverflow)
	}
}

func drawMoney(t *rapid.T) Money {
	return Money{
		Micros:   rapid.Int64Range(0, maxMicros).Draw(t, "micros"),
		Currency: rapid.SampledFrom([]string{"EUR", "USD", "PKR"}).Draw(t, "currency"),
	}
}

func TestParseReadsWhatAmountWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawMoney(t)
		got, err := Parse(want.Amount(), 0, want.Currency)
		if err != nil || got != want {
			t.Fatalf("Parse(%s) = %v, %v", want, got, err)
		}
	})
}

// Parse agrees with exact rational arithmetic, at any scale and in any notation.
func TestParseIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.StringMatching(`[0-9]{1,8}`).Draw(t, "whole")
		fraction := rapid.StringMatching(`(\.[0-9]{1,20})?`).Draw(t, "fraction")
		exponent := rapid.IntRange(-12, 2).Draw(t, "exponent")
		scale := rapid.IntRange(-3, 0).Draw(t, "scale")
		text := fmt.Sprintf("%s%se%d", whole, fraction, exponent)
		got, err := Parse(text, scale, "EUR")

		exact, _ := new(big.Rat).SetString(fmt.Sprintf("%s%se%d", whole, fraction, exponent+scale+microDigits))
		exact.Add(exact, big.NewRat(1, 2))
		want := new(big.Int).Quo(exact.Num(), exact.Denom())
		if want.Cmp(big.NewInt(maxMicros)) > 0 {
			if !errors.Is(err, ErrOverflow) {
				t.Fatalf("Parse(%s, %d) = %v, %v, want an overflow", text, scale, got, err)
			}
			return
		}
		if err != nil || got.Micros != want.Int64() {
			t.Fatalf("Parse(%s, %d) = %v, %v, want %s micros", text, scale, got, err, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0.18", "1e-5", "-1", "1e", "+", "999999999.9999995", "0.0000005"} {
		f.Add(seed, -2)
	}
	f.Fuzz(func(t *testing.T, decimal string, scale int) {
		m, err := Parse(decimal, scale%20, "EUR")
		if err != nil {
			return
		}
		if m.Micros < 0 || m.Micros > maxMicros {
			t.Fatalf("Parse(%q) = %d micros", decimal, m.Micros)
		}
		exact, ok := new(big.Rat).SetString(decimal)
		if !ok {
			t.Fatalf("Parse(%q) takes what is no number", decimal)
		}
		if again, err := Parse(m.Amount(), 0, "EUR"); err != nil || again != m {
			t.Fatalf("Parse(%q) = %v, which reads back as %v, %v", decimal, m, again, err)
		}
		if exact.Sign() == 0 && m.Micros != 0 {
			t.Fatalf("Parse(%q) makes something of nothing: %v", decimal, m)
		}
	})
}
