package audio

// A resampler turns a stream of samples at one rate into one at another. Each output sample is computed from the
// same inputs in the same order whatever the calls, so the result does not depend on how the stream is cut.
//
// Use: write into room, say how much with wrote, and read until read gives nothing.
type resampler struct {
	filter *filter // static

	// Owned by the caller's goroutine.
	window []float32 // input samples that outputs still need, then room
	filled int       // how much of the window is input
	start  int       // where in the window the first tap of the next output lies
	phase  int       // the next output's row of taps
}

// blockSamples is how many samples are converted at once: small enough for the nearest cache, large enough that
// moving the filter's reach to the front of the window costs next to nothing.
const blockSamples = 512

func newResampler(r ratio) *resampler {
	f := filterFor(r)
	s := &resampler{filter: f, window: make([]float32, 2*f.reach+blockSamples)}
	s.reset()
	return s
}

// reset goes back to the start: before the first sample there is silence, as much as makes the first output
// lie on the first input.
func (s *resampler) reset() {
	s.filled = s.filter.reach - 1
	clear(s.window[:s.filled])
	s.start, s.phase = 0, 0
}

// room is where to write the next input samples. It is at least blockSamples long when all output has been read.
func (s *resampler) room() []float32 {
	s.filled = copy(s.window, s.window[s.start:s.filled])
	s.start = 0
	return s.window[s.filled:]
}

// wrote takes n samples that the caller has put into room.
func (s *resampler) wrote(n int) { s.filled += n }

// read fills dst as far as the input allows, and returns how many samples it gave.
func (s *resampler) read(dst []float32) int {
	up, whole, part := s.filter.up, s.filter.down/s.filter.up, s.filter.down%s.filter.up
	length := 2 * s.filter.reach
	n := 0
	for n < len(dst) && s.start+length <= s.filled {
		dst[n] = dot(s.window[s.start:s.start+length], s.filter.rows[s.phase])
		n++
		s.start += whole
		s.phase += part
		if s.phase >= up {
			s.phase -= up
			s.start++
		}
	}
	return n
}

// finish puts silence after the last input. The outputs that this completes are exactly those that lie
// before the input's end, hence ceil(n * to / from) of them in all.
func (s *resampler) finish() {
	clear(s.room()[:s.filter.reach])
	s.wrote(s.filter.reach)
}

// dot is the scalar product of two slices of the same length, a multiple of dotWidth. Separate sums let
// the processor overlap the additions: this loop is nearly all of what a conversion costs.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= dotWidth && len(b) >= dotWidth {
		x, y := (*[dotWidth]float32)(a), (*[dotWidth]float32)(b)
		s0 += x[0]*y[0] + x[4]*y[4]
		s1 += x[1]*y[1] + x[5]*y[5]
		s2 += x[2]*y[2] + x[6]*y[6]
		s3 += x[3]*y[3] + x[7]*y[7]
		a, b = a[dotWidth:], b[dotWidth:]
	}
	return (s0 + s1) + (s2 + s3)
}
