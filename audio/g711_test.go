package audio_test

import (
	"math"
	"slices"
	"testing"

	"voicerelay/audio"
)

// laws are the decoders as ITU-T G.711 defines them, on its own scales: 14 bits for µ-law, 13 for A-law.
var laws = []struct {
	encoding audio.Encoding
	level    func(code byte) float64 // of 16 bits
}{
	{audio.MuLaw, func(code byte) float64 {
		code = ^code // character signals are sent inverted
		segment, step := float64(code>>4&7), float64(code&15)
		level := math.Pow(2, segment)*(2*step+33) - 33
		return math.Copysign(4*level, float64(127-int(code)))
	}},
	{audio.ALaw, func(code byte) float64 {
		code ^= 0x55 // even bits are sent inverted
		segment, step := float64(code>>4&7), float64(code&15)
		level := 2*step + 1
		if segment > 0 {
			level = math.Pow(2, segment-1) * (2*step + 33)
		}
		return math.Copysign(8*level, float64(int(code)-128))
	}},
}

func everyCode() []byte {
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	return codes
}

func TestG711DecodesAsTheStandardSays(t *testing.T) {
	for _, law := range laws {
		got := parsePCM16(convert(t, format(law.encoding, 8000), format(audio.PCM16, 8000), everyCode()))
		for code, v := range got {
			if want := int16(law.level(byte(code))); v != want {
				t.Errorf("%s %#02x: %d, want %d", law.encoding, code, v, want)
			}
		}
	}
}

// Values from the tables of the standard, so that a fault shared by the code and the formula above shows.
func TestG711KnownLevels(t *testing.T) {
	tests := []struct {
		encoding audio.Encoding
		code     byte
		want     int16
	}{
		{audio.MuLaw, 0x80, 32124},
		{audio.MuLaw, 0x00, -32124},
		{audio.MuLaw, 0xFF, 0},
		{audio.MuLaw, 0x7F, 0},
		{audio.MuLaw, 0xFE, 8},
		{audio.ALaw, 0xAA, 32256},
		{audio.ALaw, 0x2A, -32256},
		{audio.ALaw, 0xD5, 8},
		{audio.ALaw, 0x55, -8},
	}
	for _, tt := range tests {
		got := parsePCM16(convert(t, format(tt.encoding, 8000), format(audio.PCM16, 8000), []byte{tt.code}))
		if got[0] != tt.want {
			t.Errorf("%s %#02x: %d, want %d", tt.encoding, tt.code, got[0], tt.want)
		}
	}
}

func TestG711CodesSurvive(t *testing.T) {
	for _, law := range laws {
		for _, linear := range []audio.Encoding{audio.PCM16, audio.PCMF32} {
			levels := convert(t, format(law.encoding, 8000), format(linear, 8000), everyCode())
			for code, got := range convert(t, format(linear, 8000), format(law.encoding, 8000), levels) {
				want := byte(code)
				if law.encoding == audio.MuLaw && want == 0x7F {
					want = 0xFF // both are 0, and silence is the positive one
				}
				if got != want {
					t.Errorf("%s %#02x through %s: %#02x", law.encoding, want, linear, got)
				}
			}
		}
	}
}

// decisions are the standard's decision values of one sign: code n of levels[n] stands for magnitudes from
// decisions[n] to decisions[n+1]. Each level lies in the middle of two, which gives all of them from the first.
func decisions(levels []float64, first float64) []float64 {
	x := []float64{0, first}
	for _, level := range levels[1:] {
		x = append(x, 2*level-x[len(x)-1])
	}
	x[len(x)-1] = math.Inf(1) // what is above the last level is clipped to it
	return x
}

func TestG711EncodesWithinTheDecisionValues(t *testing.T) {
	firsts := map[audio.Encoding]float64{audio.MuLaw: 4, audio.ALaw: 16} // 1 and 2 on the laws' own scales
	all := make([]int16, 1<<16)
	for i := range all {
		all[i] = int16(i)
	}
	for _, law := range laws {
		var levels []float64
		for code := range 256 {
			if level := law.level(byte(code)); level >= 0 && !slices.Contains(levels, level) {
				levels = append(levels, level)
			}
		}
		slices.Sort(levels)
		limits := decisions(levels, firsts[law.encoding])
		for i, code := range convert(t, format(audio.PCM16, 8000), format(law.encoding, 8000), pcm16(all...)) {
			v, level := float64(all[i]), law.level(code)
			n := slices.Index(levels, math.Abs(level))
			// On a decision value itself the standard leaves the choice open.
			if m := math.Abs(v); v*level < 0 || m < limits[n] || m > limits[n+1] {
				t.Fatalf("%s: %v is coded as %v, which stands for %v to %v", law.encoding, v, level, limits[n], limits[n+1])
			}
		}
	}
}
