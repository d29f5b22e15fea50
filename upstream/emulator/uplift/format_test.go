package uplift

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const twelveWords = "One two three four five six seven eight nine ten eleven twelve."

// wavSamples reads a WAV file, whatever its header says of the length. Integers of 32 bits, which no client of ours
// asks for, become floats.
func wavSamples(t *testing.T, file []byte, q quirks) (audio.Format, []byte) {
	t.Helper()
	size := uint32(len(file) - 44)
	if said := binary.LittleEndian.Uint32(file[40:]); said != q.wavSize && (q.wavSize != wavTrueSize || said != size) {
		t.Errorf("the header says %d bytes of %d, and the quirk is %d", said, size, q.wavSize)
	}
	tag, bits := binary.LittleEndian.Uint16(file[20:]), binary.LittleEndian.Uint16(file[34:])
	if bits == 32 && (tag == 3) != q.wavFloat {
		t.Errorf("format tag: got %d, where floats are %t", tag, q.wavFloat)
	}
	if bits == 32 && tag == 1 {
		for i := 44; i < len(file); i += 4 {
			v := float32(int32(binary.LittleEndian.Uint32(file[i:]))) / math.MaxInt32
			binary.LittleEndian.PutUint32(file[i:], math.Float32bits(v))
		}
		file[20] = 3
	}
	format, samples, err := audio.ReadWAV(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return format, samples
}

// A WAV file has the speech of the charge, whatever its header says; what is raw, the adapter hears.
func TestUpliftWordsAreHeardInFiles(t *testing.T) {
	for seed := range uint64(4) {
		for _, name := range []string{"WAV_22050_16", "WAV_22050_32"} {
			t.Run(fmt.Sprintf("%s seed %d", name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := talk(t, engine.Options{Seed: seed}, transports()[seed%2])
					c.speak("r", twelveWords, name)
					format, samples := wavSamples(t, c.hear("r").audio, drawQuirks(engine.Options{Seed: seed}))
					enginetest.WantWords(t, samples, format, twelveWords)
					length := audio.Duration(int64(len(samples)/format.BytesPerSample()), format.Rate)
					if got := c.Server.Stats().Streams[0].Audio; (got - length).Abs() > 10*time.Millisecond {
						t.Errorf("charged %v of %v", got, length)
					}
				})
			})
		}
	}
}

// An MP3 file is as long as the speech, at its bit rate, and made of whole frames.
func TestUpliftMP3IsWhole(t *testing.T) {
	for name, kilobits := range map[string]int{"MP3_22050_32": 32, "MP3_22050_64": 64, "MP3_22050_128": 128} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{Seed: 7}, plainTransport)
				c.speak("r", twelveWords, name)
				file := c.hear("r").audio
				frames := 0
				for rest := file; len(rest) > 0; frames++ {
					if len(rest) < 4 || rest[0] != 0xff || rest[1] != 0xf3 {
						t.Fatalf("frame %d is none: % x", frames, rest[:min(4, len(rest))])
					}
					size := 72*kilobits*1000/22050 + int(rest[2]>>1&1)
					rest = rest[min(size, len(rest)):]
				}
				length := audio.Duration(int64(frames*576), 22050)
				if got := c.Server.Stats().Streams[0].Audio; length < got || length-got > 30*time.Millisecond {
					t.Errorf("a file of %v for %v of speech", length, got)
				}
				if got, want := float64(len(file))*8/length.Seconds(), float64(kilobits*1000); math.Abs(got-want) > want/100 {
					t.Errorf("bits a second: got %.0f, want %.0f", got, want)
				}
			})
		})
	}
}

// Odd frames cut samples in two; without the quirk none does.
func TestUpliftOddChunks(t *testing.T) {
	for _, odd := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := drawn(t, engine.Options{}, fmt.Sprint("oddChunks:", odd))
			c := talk(t, o, plainTransport)
			c.speak("r", twelveWords, "")
			h := c.hear("r")
			if got := slices.ContainsFunc(h.sizes, func(n int) bool { return n%2 == 1 }); got != odd {
				t.Errorf("odd frames: got %t, want %t: %v", got, odd, h.sizes)
			}
		})
	}
}

func TestUpliftChargesByItsUnit(t *testing.T) {
	for _, byCharacters := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := drawn(t, engine.Options{}, fmt.Sprint("billsCharacters:", byCharacters))
			c := talk(t, o, plainTransport)
			c.speak("r", "Grüße!", "")
			c.hear("r")
			s := c.Server.Stats().Streams[0]
			want := int64(s.Audio.Seconds() * secondMicros)
			if byCharacters {
				want = 6 * characterMicros
			}
			if s.Audio == 0 || s.Charge < want-1 || s.Charge > want+1 {
				t.Errorf("by characters %t: charged %d for %v, want %d", byCharacters, s.Charge, s.Audio, want)
			}
		})
	}
}
