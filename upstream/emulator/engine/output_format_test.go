package engine

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"voicerelay/audio"
)

// The default is the one that the address of the reference's example names.
func TestOutputFormats(t *testing.T) {
	f, ok := OutputFormatOf("")
	if want := (OutputFormat{"mp3", 44100, 128}); !ok || f != want {
		t.Errorf("got %+v, %t, want %+v", f, ok, want)
	}
	for _, name := range []string{"pcm_11025", "mp3_44100_48", "opus_24000_32", "ulaw_16000", "mp3", "_", "PCM_24000"} {
		if f, ok := OutputFormatOf(name); ok {
			t.Errorf("%q: got %+v, want none", name, f)
		}
	}
}

// A compressed stream is frame after frame, as long as the speech, at its bit rate.
func TestMP3Frames(t *testing.T) {
	tests := map[string]struct {
		header  uint32 // from the standard: sync, version, layer, bit rate, rate, mono
		samples int    // of a frame
	}{
		"mp3_22050_32":  {0xFFF340C0, 576},
		"mp3_24000_48":  {0xFFF364C0, 576},
		"mp3_44100_32":  {0xFFFB10C0, 1152},
		"mp3_44100_64":  {0xFFFB50C0, 1152},
		"mp3_44100_96":  {0xFFFB70C0, 1152},
		"mp3_44100_128": {0xFFFB90C0, 1152},
		"mp3_44100_192": {0xFFFBB0C0, 1152},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, _ := OutputFormatOf(name)
			const spoken = 2 * NativeRate
			raw := encodeSilence(t, f, spoken)
			size := tt.samples * f.kbps * 1000 / 8 / f.Rate
			if len(raw)%size != 0 {
				t.Fatalf("got %d bytes, want frames of %d", len(raw), size)
			}
			for at := 0; at < len(raw); at += size {
				if got := binary.BigEndian.Uint32(raw[at:]); got != tt.header {
					t.Fatalf("at %d: got %08x, want %08x", at, got, tt.header)
				}
			}
			got := audio.Duration(int64(len(raw)/size*tt.samples), f.Rate)
			frame := audio.Duration(int64(tt.samples), f.Rate)
			if want := audio.Duration(spoken, NativeRate); got < want || got >= want+frame {
				t.Errorf("got %v, want %v and less than a frame more", got, want)
			}
		})
	}
}

// encodeSilence encodes silence in pieces that fit nothing.
func encodeSilence(t *testing.T, f OutputFormat, samples int) []byte {
	t.Helper()
	e, err := f.Encoder()
	if err != nil {
		t.Fatal(err)
	}
	var raw []byte
	for samples > 0 {
		n := min(samples, 1001)
		raw = append(raw, e.Encode(make([]int16, n))...)
		samples -= n
	}
	return append(raw, e.End()...)
}

// An Opus stream is pages of Ogg: head and tags, then packets of 20 ms, each page with its number, sum and position.
func TestOpusPages(t *testing.T) {
	f, _ := OutputFormatOf("opus_48000_64")
	raw := encodeSilence(t, f, 3*NativeRate+7)
	var pages, packets int
	var position uint64
	var flags byte
	for ; len(raw) > 0; pages++ {
		if !bytes.HasPrefix(raw, []byte("OggS")) || int(binary.LittleEndian.Uint32(raw[18:])) != pages {
			t.Fatalf("page %d: got %x", pages, raw[:28])
		}
		flags, position = raw[5], binary.LittleEndian.Uint64(raw[6:])
		segments := raw[27 : 27+int(raw[26])]
		length := 27 + len(segments)
		for _, n := range segments {
			length += int(n)
		}
		page := slices.Clone(raw[:length])
		sum := binary.LittleEndian.Uint32(page[22:])
		clear(page[22:26])
		if want := oggChecksum(page); sum != want {
			t.Errorf("page %d: got sum %08x, want %08x", pages, sum, want)
		}
		if pages > 1 {
			packets += len(segments)
		}
		raw = raw[length:]
	}
	const most = 3*opusRate + 14 + opusPacket
	if flags != oggLast || position != uint64(packets*opusPacket) || position > most || position+opusPacket < most {
		t.Errorf("got flags %d and position %d after %d packets, want the last page at most %d", flags, position, packets, most)
	}
}

// The catalogs' check value of CRC-32/CKSUM, which is the same sum inverted at the end.
func TestOggChecksum(t *testing.T) {
	if got, want := oggChecksum([]byte("123456789")), ^uint32(0x765E7680); got != want {
		t.Errorf("got %08x, want %08x", got, want)
	}
}
