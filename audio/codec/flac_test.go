package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mewkiz/flac"
	"pgregory.net/rapid"

	"voicerelay/audio"
)

// decodeFLAC is the samples of a file, and the most that a block has.
func decodeFLAC(t interface{ Fatalf(string, ...any) }, file []byte) (pcm []byte, block int) {
	stream, err := flac.New(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("the header can't be read: %v", err)
	}
	for {
		f, err := stream.ParseNext()
		if errors.Is(err, io.EOF) {
			return pcm, block
		}
		if err != nil {
			t.Fatalf("a block can't be read: %v", err)
		}
		block = max(block, len(f.Subframes[0].Samples))
		for _, v := range f.Subframes[0].Samples {
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(v)))
		}
	}
}

// Whatever the samples are, and however they are cut, the file has these samples and no others.
func TestFLACLosesNothing(t *testing.T) {
	var set *Set
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom(audio.Rates).Draw(t, "rate")
		pcm := make([]byte, 2*rapid.IntRange(0, 10000).Draw(t, "samples"))
		kind := rapid.SampledFrom([]string{"noise", "silence", "quiet", "full scale"}).Draw(t, "kind")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := 0; i < len(pcm); i += 2 {
			v := map[string]int{"noise": random.IntN(1<<16) - 1<<15, "quiet": random.IntN(5) - 2, "full scale": random.IntN(2)*65535 - 32768}[kind]
			binary.LittleEndian.PutUint16(pcm[i:], uint16(int16(v)))
		}
		s, err := set.Open(t.Context(), Format{Format: audio.Format{Encoding: audio.FLAC, Rate: rate}})
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		defer s.Close()
		var file []byte
		for rest := pcm; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 3000).Draw(t, "piece"))
			if _, err := s.Write(rest[:n]); err != nil {
				t.Fatalf("Write: %v", err)
			}
			rest = rest[n:]
			if file, err = s.Take(file); err != nil {
				t.Fatalf("Take: %v", err)
			}
		}
		if err := s.Finish(); err != nil {
			t.Fatalf("Finish: %v", err)
		}
		file, _ = s.Take(file)
		got, block := decodeFLAC(t, file)
		if !bytes.Equal(got, pcm) {
			t.Fatalf("%d bytes of samples came back, that are not the %d that went in", len(got), len(pcm))
		}
		if 10*block > rate {
			t.Fatalf("a block has %d samples, more than 100 ms", block)
		}
	})
}

// Another decoder reads it too, and the same samples come back at every rate.
func TestFLACIsReadByOthers(t *testing.T) {
	need(t, "ffmpeg")
	var set *Set
	for _, rate := range audio.Rates {
		pcm := tone(440, rate, 1300*time.Millisecond)
		s := open(t, set, audio.FLAC, rate)
		write(t, s, pcm, 999)
		if got := decode(t, finish(t, s), rate); !bytes.Equal(got, pcm) {
			t.Errorf("%d Hz: %d bytes came back, not the %d that went in", rate, len(got), len(pcm))
		}
	}
}

func TestFLACComesWhileSamplesCome(t *testing.T) {
	var set *Set
	s := open(t, set, audio.FLAC, 24000)
	write(t, s, tone(440, 24000, 100*time.Millisecond), 960)
	first, err := s.Take(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := decodeFLAC(t, first); len(got) == 0 {
		t.Error("nothing is heard of 100 ms")
	}
	if len(s.Came()) != 1 {
		t.Error("the taker was not told")
	}
}

func TestFLACOfNothingIsAFile(t *testing.T) {
	var set *Set
	if got, _ := decodeFLAC(t, finish(t, open(t, set, audio.FLAC, 8000))); len(got) != 0 {
		t.Errorf("got %d bytes of samples", len(got))
	}
}
