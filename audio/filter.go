package audio

import (
	"math"
	"sync"
)

// The low-pass filter: a sinc under a Kaiser window, in units of the lower of the two rates. The window's length
// and shape give 100 dB of attenuation; the cutoff is placed so that speech stays flat (0.1 dB) up to 0.83 of the
// lower Nyquist frequency, 3.3 kHz on the telephone, and nothing above 1.06 of it comes through.
const (
	zeroCrossings = 24    // of the sinc, to each side: 3.2 ms at 8000 Hz
	cutoff        = 0.93  // of the lower Nyquist frequency, where the response is halved
	kaiserBeta    = 10.06 // 0.1102 * (100 dB - 8.7), Kaiser's own formula
	dotWidth      = 8     // taps are a multiple of this, so that the inner loop has no remainder
)

// ratio is output rate to input rate in lowest terms.
type ratio struct{ up, down int }

func newRatio(from, to int) ratio {
	a, b := from, to
	for b != 0 {
		a, b = b, a%b
	}
	return ratio{up: to / a, down: from / a}
}

// A filter is the polyphase form of the low-pass filter for one ratio: a row of taps for each of the positions
// that an output sample can have between two input samples. It never changes.
type filter struct {
	ratio
	reach int         // input samples to each side of an output sample
	rows  [][]float32 // [up][2*reach]
}

// filters has the filter of each ratio in use, as a function that computes it at the first call. Ratios come from
// a closed list of rates, so it is bounded; a value never changes once it is there.
var filters sync.Map // ratio -> func() *filter

func filterFor(r ratio) *filter {
	f, ok := filters.Load(r)
	if !ok {
		f, _ = filters.LoadOrStore(r, sync.OnceValue(func() *filter { return newFilter(r) }))
	}
	return f.(func() *filter)()
}

func newFilter(r ratio) *filter {
	slowdown := max(1, float64(r.down)/float64(r.up)) // input samples per sample of the lower rate
	width := zeroCrossings * slowdown / cutoff
	half := dotWidth / 2
	reach := (int(math.Ceil(width)) + half - 1) / half * half
	f := &filter{ratio: r, reach: reach, rows: make([][]float32, r.up)}
	for phase := range f.rows {
		f.rows[phase] = taps(float64(phase)/float64(r.up), reach, width)
	}
	return f
}

// taps is one row: the weights of the 2*reach input samples around an output sample that lies offset (0 to below 1)
// after the input sample at index reach-1.
func taps(offset float64, reach int, width float64) []float32 {
	exact := make([]float64, 2*reach)
	sum := 0.0
	for i := range exact {
		t := float64(i-reach+1) - offset
		exact[i] = sinc(zeroCrossings*t/width) * kaiser(t/width)
		sum += exact[i]
	}
	// Each row is scaled to a sum of 1: rows that differ would modulate the signal at the rate of their cycle.
	row := make([]float32, len(exact))
	for i, v := range exact {
		row[i] = float32(v / sum)
	}
	return row
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x, which is 0 in the middle and 1 at its edge, up to a factor.
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return besselI0(kaiserBeta * math.Sqrt(1-x*x))
}

// besselI0 is the modified Bessel function of order 0, by its power series.
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}
