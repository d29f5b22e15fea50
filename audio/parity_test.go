package audio

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestLikelyWhole(t *testing.T) {
	samples := func(at func(i int) float64) []byte {
		var data []byte
		for i := range 400 {
			v := int16(at(i))
			data = append(data, byte(v), byte(uint16(v)>>8))
		}
		return data
	}
	random := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		data    []byte
		audible bool // and so to be told
	}{
		"a voice":      {samples(func(i int) float64 { return 9000*math.Sin(float64(i)/30) + 2000*math.Sin(float64(i)/4) }), true},
		"a soft voice": {samples(func(i int) float64 { return 90 * math.Sin(float64(i)/12) }), true},
		"a hiss":       {samples(func(int) float64 { return 1500 * random.NormFloat64() }), true},
		"room noise":   {samples(func(int) float64 { return 4 * random.NormFloat64() }), true},
		"silence":      {samples(func(int) float64 { return 0 }), false},
		"white noise":  {samples(func(int) float64 { return float64(int16(random.Uint32())) }), false},
		"too little":   {samples(func(i int) float64 { return 90 * math.Sin(float64(i)/12) })[:64], false},
		"nothing":      {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := LikelyWhole(c.data); got != c.audible {
				t.Errorf("from its first sample: got %v, want %v", got, c.audible)
			}
			if len(c.data) > 0 && LikelyWhole(c.data[1:]) {
				t.Error("from the middle of a sample: got true")
			}
		})
	}
}
