package billing

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Texts as callers hear them, by each unit that counts text.
func TestTextsByEachUnit(t *testing.T) {
	cases := []struct {
		name, text                           string
		characters, utf16Units, twice, bytes int64
	}{
		{"nothing", "", 0, 0, 0, 0},
		{"Latin", "Hello, world.", 13, 13, 13, 13},
		{"umlauts", "Grüße aus Köln", 14, 14, 14, 17},
		{"an accent that combines", "cafe\u0301", 5, 5, 5, 6},
		{"the same, composed", "caf\u00e9", 4, 4, 4, 5},
		{"a dash and quotes", "“Yes” – no…", 11, 11, 11, 19},
		{"Chinese", "你好，世界。", 6, 6, 10, 18},
		{"Chinese and Latin", "我用 Go 写。", 8, 8, 11, 16},
		{"traditional Chinese", "臺灣繁體字", 5, 5, 10, 15},
		{"Chinese beyond the basic plane", "\U00020BB7野家", 3, 4, 6, 10},
		{"Japanese", "東京タワーへ", 6, 6, 8, 18},
		{"Korean", "안녕하세요", 5, 5, 5, 15},
		{"Korean in conjoining letters", "\u1112\u1161\u11ab", 3, 3, 3, 9},
		{"Arabic with vowels", "مَرحَبا", 7, 7, 7, 14},
		{"Devanagari", "नमस्ते", 6, 6, 6, 18},
		{"Thai", "สวัสดี", 6, 6, 6, 18},
		{"an emoji", "👍", 1, 2, 1, 4},
		{"an emoji with a skin tone", "Well done 👍🏽", 12, 14, 12, 18},
		{"a family, joined", "👨\u200d👩\u200d👧", 5, 8, 5, 18},
		{"a flag", "🇩🇪", 2, 4, 2, 8},
		{"a heart with a selector", "❤\ufe0f", 2, 2, 2, 6},
		{"white space", " \t\n\u00a0", 4, 4, 4, 5},
		{"what is no UTF-8", "a\xff\xfeb", 4, 4, 4, 4},
		{"markup", `<break time="1s"/>`, 18, 18, 18, 18},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for unit, want := range map[Unit]int64{Character: c.characters, UTF16Unit: c.utf16Units, ChineseTwice: c.twice, Byte: c.bytes} {
				if got, perUnit := Measure(c.text).quantity(unit); got != want || perUnit != 1 {
					t.Errorf("%q has %d/%d of the unit %s, want %d", c.text, got, perUnit, unit, want)
				}
				// A thousandth for each: what is on the bill is the number itself.
				list := mustList(t, Price{Provider: "p", Unit: unit, Amount: "0.001", Currency: "USD"})
				if got := list.Price("p", "", Measure(c.text)).Money; got != (Money{Micros: 1000 * want, Currency: "USD"}) {
					t.Errorf("%q costs %s by the unit %s, want %d thousandths", c.text, got, unit, want)
				}
			}
		})
	}
}

// Measures of parts add up to that of the whole: what is billed does not depend on how a text is cut into pieces.
func TestMeasuresAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("aü你東タ👍🏽\u0301 ."))))).Draw(t, "parts")
		sum := Usage{}
		for _, part := range parts {
			sum = sum.Plus(Measure(part))
		}
		want := Measure(strings.Join(parts, ""))
		want.Requests = int64(len(parts))
		if sum != want {
			t.Fatalf("%q: %+v in parts, %+v at once", parts, sum, want)
		}
		if u := sum; u.Chinese > u.Characters || u.Characters > u.UTF16Units || u.UTF16Units > u.Bytes || u.Bytes > 4*u.Characters {
			t.Fatalf("%q: %+v", parts, u)
		}
	})
}

// What the vendor says that it counted goes before what we do, of the units that it counts, and of no other.
func TestVendorsCountGoesFirst(t *testing.T) {
	used := Usage{Audio: time.Minute, Characters: 100, UTF16Units: 110, Chinese: 20, Bytes: 160, Requests: 2}
	metered := used
	metered.Metered = Metered{Characters: 90, InputTokens: 30, OutputTokens: 1300}
	for unit, want := range map[Unit]struct{ ours, theirs int64 }{
		Character:    {100, 90},
		UTF16Unit:    {110, 90},
		ChineseTwice: {120, 90},
		Byte:         {160, 160},
		Request:      {2, 2},
		Token:        {40 + 2*1250, 30 + 2*1300}, // an output token is worth two here
		AudioSecond:  {60, 60},
		AudioMinute:  {1, 1},
	} {
		p := Price{Provider: "p", Unit: unit, Amount: "1", Currency: "USD"}
		if unit == Token {
			p.OutputAmount = "2"
		}
		list := mustList(t, p)
		ours, theirs := list.Price("p", "", used), list.Price("p", "", metered)
		if ours.Money.Micros != want.ours*microsPerUnit || theirs.Money.Micros != want.theirs*microsPerUnit {
			t.Errorf("%s: %s by our count, %s by the vendor's, want %+v", unit, ours.Money, theirs.Money, want)
		}
		if ours.Estimated != (unit == Token) || theirs.Estimated {
			t.Errorf("%s: an estimate by our count: %t, by the vendor's: %t", unit, ours.Estimated, theirs.Estimated)
		}
	}
}

// A minute at the price of a minute costs what sixty seconds do at a sixtieth, and an hour too.
func TestLengthsOfAudioAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(0, 100_000).Draw(t, "seconds")
		used := Usage{Audio: time.Duration(seconds) * time.Second}
		for unit, amount := range map[Unit]string{AudioSecond: "0.0005", AudioMinute: "0.03", AudioHour: "1.8"} {
			list, err := NewPriceList([]Price{{Provider: "p", Unit: unit, Amount: amount, Currency: "USD"}})
			if err != nil {
				t.Fatal(err)
			}
			if got := list.Price("p", "", used).Money.Micros; got != 500*seconds {
				t.Fatalf("%d s by %s = %d micros, want %d", seconds, unit, got, 500*seconds)
			}
		}
	})
}

// No number that a vendor may tell makes a wrong price.
func TestMeteredOutOfProportion(t *testing.T) {
	list := mustList(t, Price{Provider: "p", Unit: Token, Amount: "1000000", OutputAmount: "1000000", Currency: "USD"})
	for _, m := range []Metered{{InputTokens: math.MaxInt64}, {OutputTokens: math.MaxInt64}, {0, math.MaxInt64, math.MaxInt64}} {
		if got := list.Price("p", "", Usage{Requests: 1, Metered: m}); got.Known() {
			t.Errorf("%+v costs %+v, want it unavailable", m, got)
		}
	}
	if got := list.Price("p", "", Usage{Requests: 1, Metered: Metered{InputTokens: 3, OutputTokens: math.MinInt64}}); got.Money.Micros != 3_000_000*microsPerUnit {
		t.Errorf("a negative number of tokens makes it %+v", got)
	}
}
