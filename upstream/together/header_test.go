package together

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// stripped is what an item's deltas give, and in which format.
func stripped(t interface{ Fatalf(string, ...any) }, deltas ...[]byte) ([]byte, audio.Format, *upstream.Error) {
	var h header
	var samples []byte
	for _, delta := range deltas {
		f, some, err := h.strip([]byte(base64.StdEncoding.EncodeToString(delta)))
		if err != nil {
			return nil, audio.Format{}, err
		}
		if !some {
			continue
		}
		part := f.Raw
		if f.Base64 != nil {
			var bad error
			if part, bad = base64.StdEncoding.DecodeString(string(f.Base64)); bad != nil {
				t.Fatalf("not base64: %v", bad)
			}
		}
		samples = append(samples, part...)
	}
	return samples, h.format, nil
}

// TestHeadersAreStrippedHoweverTheyAreCut cuts raw audio, and audio after a header, anywhere.
func TestHeadersAreStrippedHoweverTheyAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.Byte(), 4, 200).Draw(t, "samples")
		want := format
		data := samples
		if rapid.Bool().Draw(t, "WAV") {
			want.Rate = rapid.SampledFrom(audio.Rates).Draw(t, "rate")
			data = audio.WAVHeader(want.Rate)
			size := rapid.SampledFrom([]uint32{0, unknownSize, uint32(len(samples))}).Draw(t, "size")
			data = append(binary.LittleEndian.AppendUint32(data[:len(data)-4], size), samples...)
			if size == uint32(len(samples)) {
				data = append(data, rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "chunks after")...)
			}
		} else if bytes.HasPrefix(samples, []byte(riff)) {
			t.Skip("raw audio that happens to look like a header")
		}
		var deltas [][]byte
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "delta")
			deltas, rest = append(deltas, rest[:n]), rest[n:]
		}
		got, f, err := stripped(t, deltas...)
		if err != nil || f != want || !bytes.Equal(got, samples) {
			t.Errorf("got %d bytes of %v, %v; want %d of %v", len(got), f, err, len(samples), want)
		}
	})
}

const unknownSize = 0xFFFFFFFF // of a stream

// Several files in a row, each with a description after its samples.
func TestFilesInARow(t *testing.T) {
	file := func(samples string) []byte {
		data := audio.WAVHeader(24000)
		data = binary.LittleEndian.AppendUint32(data[:len(data)-4], uint32(len(samples)))
		return append(data, samples+"LIST\x04\x00\x00\x00INFO"...)
	}
	got, _, err := stripped(t, file("abcdef"), []byte("JUNK\x00\x00\x00\x00"), file("ghij"))
	if err != nil || string(got) != "abcdefghij" {
		t.Errorf("got %q, %v; want the samples of both", got, err)
	}
}

func TestHeadersThatAreNone(t *testing.T) {
	wav := audio.WAVHeader(24000)
	stereo := bytes.Clone(wav)
	stereo[22] = 2
	odd := bytes.Clone(wav)
	odd[24], odd[25] = 0x11, 0x2b // 11025 Hz
	endless := append(bytes.Clone(wav[:12]), "JUNK\xff\xff\xff\x7f"...)
	for name, data := range map[string][]byte{
		"another file": []byte("RIFF\x00\x00\x00\x00AVI LIST"),
		"stereo":       stereo,
		"another rate": odd,
		"no end":       append(endless, make([]byte, maxHeader)...),
	} {
		if _, _, err := stripped(t, data); err == nil || err.Kind != upstream.Garbled {
			t.Errorf("%s: got %v, want garbled", name, err)
		}
	}
	if got, _, err := stripped(t, []byte("RIFD is loud but no header")); err != nil || len(got) != 26 {
		t.Errorf("what only begins like a header: got %q, %v; want all of it", got, err)
	}
	var h header
	if _, _, err := h.strip([]byte("UklGR?")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a header that is not base64: got %v, want garbled", err)
	}
}
