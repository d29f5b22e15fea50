package relay

import (
	"strings"
	"testing"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/relay/relaytest"
	"voicerelay/relay/trace"
	"voicerelay/upstream"
)

// path is one way of a frame through the relay: what the client gets of 200 ms of 24 kHz PCM in base64.
type path struct {
	form   AudioForm
	output audio.Format
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

// paths are all outputs of each form: the vendor's own format, one that only differs in its header, and those that are
// converted and resampled.
func paths() map[string]path {
	all := map[string]path{}
	for name, form := range map[string]AudioForm{"base64": Base64, "raw": Raw} {
		for _, output := range []audio.Format{
			{Encoding: audio.PCM16, Rate: 24000},
			{Encoding: audio.WAV, Rate: 24000},
			{Encoding: audio.MuLaw, Rate: 8000},
			{Encoding: audio.PCMF32, Rate: 48000},
		} {
			all[name+" "+output.String()] = path{form, output}
		}
	}
	return all
}

// frames gives frames in and takes them out, as the client's writer does.
type frames struct {
	attempt *attempt
	taken   int // bytes
	batch   []*delivery.Message
	in      upstream.Frame
}

func (p path) frames(tb testing.TB) *frames { return p.framesTraced(tb, nil) }

// framesTraced are those of a generation that somebody wants to see.
func (p path) framesTraced(tb testing.TB, by trace.Tracer) *frames {
	tb.Helper()
	f := &frames{in: frame200()}
	vendor := relaytest.NewFake()
	vendor.Caps.MinSpeed = 1e-7 // a frame is repeated more often than a text at any other speed can take
	f.attempt = stage{
		vendor: vendor, text: strings.Repeat("And so on. ", 100), output: p.output, raw: p.form == Raw, speed: vendor.Caps.MinSpeed,
		tracer: by,
	}.attempt(tb)
	ordered(f.attempt)
	return f
}

// step takes one frame through.
func (f *frames) step() {
	f.attempt.Audio(f.in)
	f.batch = f.attempt.out.outbox.Take(f.batch[:0], 64<<10)
	for _, m := range f.batch {
		f.taken += len(m.Body())
		m.Release()
	}
}

func TestFramesOfAllOutputsAllocateNothing(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	for name, p := range paths() {
		t.Run(name, func(t *testing.T) {
			f := p.frames(t)
			for range 10 { // buffers reach their size
				f.step()
			}
			before := f.taken
			if got := testing.AllocsPerRun(100, func() { f.step() }); got > p.allocs() {
				t.Errorf("got %v allocations a frame, want %v", got, p.allocs())
			}
			want := 101 * p.output.Rate / 5 * p.output.BytesPerSample()
			if got := f.taken - before; got < want {
				t.Errorf("the client got %d bytes, want %d at least", got, want)
			}
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	b.Run("not traced", func(b *testing.B) { benchmarkFrame(b, nil) })
	b.Run("traced", func(b *testing.B) { benchmarkFrame(b, &seeing{}) })
}

func benchmarkFrame(b *testing.B, by trace.Tracer) {
	for name, p := range paths() {
		b.Run(name, func(b *testing.B) {
			f := p.framesTraced(b, by)
			b.ReportAllocs()
			for b.Loop() {
				before := f.taken
				if f.step(); f.taken == before {
					b.Fatal("a frame did not come through")
				}
			}
		})
	}
}
