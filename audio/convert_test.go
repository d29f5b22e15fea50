package audio_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"voicerelay/audio"
)

// sources are all formats that a vendor may send.
func sources() []audio.Format {
	var all []audio.Format
	for _, encoding := range audio.Encodings {
		for _, rate := range rates {
			all = append(all, format(encoding, rate))
		}
	}
	return all
}

// targets are all formats that a client may ask for.
func targets() []audio.Format {
	return slices.DeleteFunc(sources(), func(f audio.Format) bool { return f.Validate() != nil })
}

// noise is bytes without a pattern, in which each float is a level of -1..1 so that it is audible in the output.
func noise(f audio.Format, n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, 0, n+4)
	for len(out) < n {
		if f.Encoding == audio.PCMF32 {
			out = append(out, pcmF32(2*r.Float32()-1)...)
			continue
		}
		out = append(out, byte(r.Uint32()))
	}
	return out[:n]
}

// inChunks converts src in pieces of the lengths given; the last length is used for all that remains.
func inChunks(c *audio.Converter, src []byte, lengths []int) []byte {
	var out []byte
	for i := 0; len(src) > 0; i++ {
		n := len(src)
		if i < len(lengths) {
			n = min(n, lengths[i])
		}
		out = c.Convert(out, src[:n])
		src = src[n:]
	}
	return c.Flush(out)
}

func TestEveryPairGivesTheSameInAnyChunks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, from := range sources() {
		for _, to := range targets() {
			t.Run(from.String()+" to "+to.String(), func(t *testing.T) {
				src := noise(from, 1000*from.BytesPerSample()+from.BytesPerSample()-1, 7)
				lengths := make([]int, 100)
				for i := range lengths {
					lengths[i] = r.IntN(160)
				}
				c, err := audio.NewConverter(from, to)
				if err != nil {
					t.Fatal(err)
				}
				want := convert(t, from, to, src)
				if got := inChunks(c, src, lengths); !bytes.Equal(got, want) {
					t.Errorf("%d bytes in chunks of %v that differ from the %d of one call", len(got), lengths, len(want))
				}
			})
		}
	}
}

func TestChunkingProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom(sources()).Draw(t, "from")
		to := rapid.SampledFrom(targets()).Draw(t, "to")
		src := noise(from, rapid.IntRange(0, 12000).Draw(t, "bytes"), rapid.Uint64().Draw(t, "seed"))
		lengths := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 5000)), 0, 200).Draw(t, "lengths")
		c, err := audio.NewConverter(from, to)
		if err != nil {
			t.Fatal(err)
		}
		whole := c.Flush(c.Convert(nil, src))
		// The same converter again: Flush leaves nothing behind.
		if got := inChunks(c, src, lengths); !bytes.Equal(got, whole) {
			t.Fatalf("%s to %s: chunks %v differ from one call", from, to, lengths)
		}
		n := len(src) / from.BytesPerSample()
		if want := (n*to.Rate + from.Rate - 1) / from.Rate * to.BytesPerSample(); len(whole) != want {
			t.Fatalf("%s to %s: %d samples gave %d bytes, want %d", from, to, n, len(whole), want)
		}
	})
}

// Each call gives whole samples, so that a caller may count them at once.
func TestOutputIsAlwaysWholeSamples(t *testing.T) {
	for _, to := range targets() {
		from := format(audio.PCM16, 24000)
		c, err := audio.NewConverter(from, to)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range noise(from, 2001, 3) {
			if n := len(c.Convert(nil, []byte{b})); n%to.BytesPerSample() != 0 {
				t.Fatalf("to %s: byte %d gave %d bytes", to, i, n)
			}
		}
	}
}

func TestAgreeingFormatsPassUnchanged(t *testing.T) {
	for _, f := range targets() {
		src := noise(f, 100*f.BytesPerSample(), 5)
		if f.Encoding == audio.PCMF32 {
			copy(src, pcmF32(float32(math.NaN()), 3)) // not ours to mend
		}
		if got := convert(t, f, f, src); !bytes.Equal(got, src) {
			t.Errorf("%s to itself changed the samples", f)
		}
	}
	src := noise(format(audio.PCM16, 24000), 99, 5)
	if got := convert(t, format(audio.PCM16, 24000), format(audio.WAV, 24000), src); !bytes.Equal(got, src[:98]) {
		t.Error("PCM16 to WAV changed the samples or gave half a one")
	}
}

func TestConvertAppends(t *testing.T) {
	for _, to := range []audio.Format{format(audio.PCM16, 8000), format(audio.PCMF32, 8000), format(audio.MuLaw, 8000), format(audio.ALaw, 8000)} {
		c, err := audio.NewConverter(format(audio.MuLaw, 8000), to)
		if err != nil {
			t.Fatal(err)
		}
		got := c.Convert([]byte("head"), []byte{0xFF, 0xFF})
		if !bytes.HasPrefix(got, []byte("head")) || len(got) != 4+2*to.BytesPerSample() {
			t.Errorf("to %s: % x", to, got)
		}
	}
}

func TestNewConverterRefuses(t *testing.T) {
	good := format(audio.PCM16, 24000)
	tests := []struct {
		name     string
		from, to audio.Format
		want     string
	}{
		{"source encoding", format("aac", 24000), good, "convert from aac@24000: unknown encoding"},
		{"compressed source", format(audio.MP3, 24000), good, "convert from mp3@24000 to pcm_s16le@24000: samples only"},
		{"no source", audio.Format{}, good, "unknown encoding"},
		{"source rate", format(audio.PCM16, 23999), good, "unknown sample rate"},
		{"source rate zero", format(audio.PCM16, 0), good, "unknown sample rate"},
		{"target encoding", good, format("opus", 24000), "to opus@24000: samples only"},
		{"target rate", good, format(audio.PCM16, 12000), "not available at 12000 Hz"},
		{"G.711 off the telephone", good, format(audio.MuLaw, 16000), "8000 Hz only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := audio.NewConverter(tt.from, tt.to)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// Filters are shared between converters, also while the first of them is being computed.
func TestConvertersInParallel(t *testing.T) {
	from, to := format(audio.PCM16, 11025), format(audio.PCM16, 48000)
	src := noise(from, 4000, 9)
	results := make(chan []byte, 8)
	for range cap(results) {
		go func() {
			c, err := audio.NewConverter(from, to)
			if err != nil {
				results <- nil
				return
			}
			results <- c.Flush(c.Convert(nil, src))
		}()
	}
	want := convert(t, from, to, src)
	for range cap(results) {
		if !bytes.Equal(<-results, want) {
			t.Error("two converters of the same formats differ")
		}
	}
}

// pairs are the conversions that the frame path is measured by.
var pairs = []struct{ from, to audio.Format }{
	{format(audio.PCM16, 24000), format(audio.PCM16, 24000)},
	{format(audio.PCM16, 24000), format(audio.PCMF32, 24000)},
	{format(audio.PCM16, 24000), format(audio.MuLaw, 8000)},
	{format(audio.PCM16, 24000), format(audio.PCM16, 16000)},
	{format(audio.PCM16, 24000), format(audio.PCM16, 48000)},
	{format(audio.PCM16, 22050), format(audio.PCM16, 24000)},
	{format(audio.PCMF32, 44100), format(audio.ALaw, 8000)},
}

func TestConvertDoesNotAllocate(t *testing.T) {
	for _, p := range pairs {
		c, err := audio.NewConverter(p.from, p.to)
		if err != nil {
			t.Fatal(err)
		}
		src := noise(p.from, p.from.Rate/5*p.from.BytesPerSample()+1, 1) // an odd size, so samples are split too
		dst := make([]byte, 0, 1<<16)
		if n := testing.AllocsPerRun(20, func() { c.Convert(dst, src) }); n != 0 {
			t.Errorf("%s to %s: %v allocations a frame, want 0", p.from, p.to, n)
		}
	}
}

// FuzzConverter cuts arbitrary bytes, NaN and infinities among them, at arbitrary places.
func FuzzConverter(f *testing.F) {
	f.Add(uint8(0), uint8(0), []byte("some audio"), []byte{1, 2, 3})
	f.Add(uint8(12), uint8(20), pcmF32(float32(math.NaN()), float32(math.Inf(1)), -1e38, 2), []byte{5, 0, 1})
	f.Fuzz(func(t *testing.T, fromIndex, toIndex uint8, src, lengths []byte) {
		from := sources()[int(fromIndex)%len(sources())]
		to := targets()[int(toIndex)%len(targets())]
		c, err := audio.NewConverter(from, to)
		if err != nil {
			t.Fatal(err)
		}
		chunks := make([]int, len(lengths))
		for i, n := range lengths {
			chunks[i] = int(n)
		}
		got := inChunks(c, src, chunks)
		n := len(src) / from.BytesPerSample()
		if want := (n*to.Rate + from.Rate - 1) / from.Rate * to.BytesPerSample(); len(got) != want {
			t.Fatalf("%s to %s: %d bytes, want %d", from, to, len(got), want)
		}
		if !bytes.Equal(got, convert(t, from, to, src)) {
			t.Fatalf("%s to %s: chunks differ from one call", from, to)
		}
		if to.Encoding == audio.PCMF32 && from.Samples() != to {
			for i, v := range parsePCMF32(got) {
				if !(v >= -1 && v <= 1) {
					t.Fatalf("%s to %s: sample %d is %v", from, to, i, v)
				}
			}
		}
	})
}

// BenchmarkConverter converts a second of audio in frames of 200 ms, as vendors send it.
func BenchmarkConverter(b *testing.B) {
	for _, p := range pairs {
		b.Run(fmt.Sprintf("%s_to_%s", p.from, p.to), func(b *testing.B) {
			c, err := audio.NewConverter(p.from, p.to)
			if err != nil {
				b.Fatal(err)
			}
			src := noise(p.from, p.from.Rate/5*p.from.BytesPerSample(), 1)
			dst := make([]byte, 0, 1<<16)
			b.ReportAllocs()
			for b.Loop() {
				for range 5 {
					c.Convert(dst, src)
				}
			}
		})
	}
}
