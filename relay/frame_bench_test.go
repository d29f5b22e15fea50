package relay

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/upstream"
)

// path is one way of a frame through the relay: what the client gets of 200 ms of 24 kHz PCM in base64.
type path struct {
	framing string // JSON, binary or HTTP
	output  audio.Format
}

// longestPooled is the longest message whose buffer is pooled.
const longestPooled = 32 << 10

// allocs is how often a frame of the path allocates: a message that is too long for the pool is allocated, and its buffer
// grows once.
func (p path) allocs() float64 {
	if p.output.Rate/5*p.output.BytesPerSample() > longestPooled {
		return 3
	}
	return 0
}

// paths are all outputs of each framing: the vendor's own format, one that only differs in its header, and those that are
// converted and resampled.
func paths() map[string]path {
	all := map[string]path{}
	for _, framing := range []string{"JSON", "binary", "HTTP"} {
		for _, output := range []audio.Format{
			{Encoding: audio.PCM16, Rate: 24000},
			{Encoding: audio.WAV, Rate: 24000},
			{Encoding: audio.MuLaw, Rate: 8000},
			{Encoding: audio.PCMF32, Rate: 48000},
		} {
			all[framing+" "+output.String()] = path{framing, output}
		}
	}
	return all
}

// sinkhole is an HTTP answer's writer that takes all.
type sinkhole struct {
	header http.Header
	bytes  int
}

func (s *sinkhole) Header() http.Header                { return s.header }
func (s *sinkhole) WriteHeader(int)                    {}
func (s *sinkhole) Flush()                             {}
func (s *sinkhole) SetWriteDeadline(t time.Time) error { return nil }

func (s *sinkhole) Write(p []byte) (int, error) {
	s.bytes += len(p)
	return len(p), nil
}

// frames gives frames in and takes them out, as the client's writer does: to its socket, or into its HTTP answer.
type frames struct {
	attempt *attempt
	answer  *answer
	taken   *sinkhole
	batch   []*delivery.Message
	in      upstream.Frame
}

func (p path) frames(tb testing.TB) *frames {
	tb.Helper()
	f := &frames{in: frame200(), taken: &sinkhole{header: http.Header{}}}
	f.attempt = stage{
		vendor: newFake(), text: strings.Repeat("And so on. ", 100), output: p.output,
		binary: p.framing == "binary", bare: p.framing == "HTTP",
	}.attempt(tb)
	ordered(f.attempt)
	if p.framing == "HTTP" {
		f.answer = newAnswer(f.taken, &speech{Client: *f.attempt.g.client, form: bodyAudio, g: f.attempt.g})
	}
	return f
}

// step takes one frame through.
func (f *frames) step(tb testing.TB) {
	f.attempt.arrivals.clock, f.attempt.arrivals.frames = inputClock{}, 0 // or there would be far more than the text can take
	f.attempt.Audio(f.in)
	f.batch = f.attempt.g.client.Out.Take(f.batch[:0], 64<<10)
	for _, m := range f.batch {
		if f.answer == nil {
			f.taken.bytes += len(m.Body())
		} else if err := f.answer.send(tb.Context(), m); err != nil {
			tb.Fatal(err)
		}
		m.Release()
	}
}

func TestFramesOfAllOutputsAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	for name, p := range paths() {
		t.Run(name, func(t *testing.T) {
			f := p.frames(t)
			for range 10 { // buffers reach their size
				f.step(t)
			}
			before := f.taken.bytes
			if got := testing.AllocsPerRun(100, func() { f.step(t) }); got > p.allocs() {
				t.Errorf("got %v allocations a frame, want %v", got, p.allocs())
			}
			want := 101 * p.output.Rate / 5 * p.output.BytesPerSample()
			if got := f.taken.bytes - before; got < want {
				t.Errorf("the client got %d bytes, want %d at least", got, want)
			}
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	for name, p := range paths() {
		b.Run(name, func(b *testing.B) {
			f := p.frames(b)
			b.ReportAllocs()
			for b.Loop() {
				before := f.taken.bytes
				if f.step(b); f.taken.bytes == before {
					b.Fatal("a frame did not come through")
				}
			}
		})
	}
}
