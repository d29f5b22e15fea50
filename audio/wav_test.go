package audio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"voicerelay/audio"
)

const unknownSize = 0xFFFFFFFF

// chunk is a RIFF chunk that claims a size, which may be a lie, and is padded to an even length.
func chunk(id string, size uint32, body string) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(id), size)
	out = append(out, body...)
	if len(body)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func formatBody(tag, channels uint16, rate uint32, bits uint16) []byte {
	b := binary.LittleEndian.AppendUint16(nil, tag)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*uint32(channels)*uint32(bits)/8)
	b = binary.LittleEndian.AppendUint16(b, channels*bits/8)
	return binary.LittleEndian.AppendUint16(b, bits)
}

func formatChunk(tag, channels uint16, rate uint32, bits uint16) []byte {
	return chunk("fmt ", 16, string(formatBody(tag, channels, rate, bits)))
}

// extensible is a fmt chunk that names the tag in a GUID.
func extensible(tag uint16, rate uint32, bits uint16, guidTail string) []byte {
	b := formatBody(0xFFFE, 1, rate, bits)
	b = append(b, 22, 0, byte(bits), 0, 4, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, tag)
	return chunk("fmt ", 40, string(append(b, guidTail...)))
}

func wav(chunks ...[]byte) []byte {
	return append([]byte("RIFF\x00\x00\x00\x00WAVE"), bytes.Join(chunks, nil)...)
}

const guidTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

func TestWAVHeaderBytes(t *testing.T) {
	want := "RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" +
		"\xc0\x5d\x00\x00\x80\xbb\x00\x00\x02\x00\x10\x00data\xff\xff\xff\xff"
	if got := string(audio.WAVHeader(24000)); got != want {
		t.Errorf("header % x, want % x", got, want)
	}
}

func TestReadWAV(t *testing.T) {
	pcm24 := formatChunk(1, 1, 24000, 16)
	tests := []struct {
		name string
		file []byte
		want audio.Format
		data string
	}{
		{"our own stream", append(audio.WAVHeader(8000), "abcd"...), format(audio.PCM16, 8000), "abcd"},
		{"plain", wav(pcm24, chunk("data", 4, "abcd")), format(audio.PCM16, 24000), "abcd"},
		{"chunks before and behind", wav(
			chunk("JUNK", 3, "abc"), pcm24, chunk("LIST", 4, "INFO"), chunk("data", 4, "abcd"), chunk("LIST", 2, "ab"),
		), format(audio.PCM16, 24000), "abcd"},
		{"size zero", wav(pcm24, chunk("data", 0, "abcd")), format(audio.PCM16, 24000), "abcd"},
		{"cut short", wav(pcm24, chunk("data", 400, "abcd")), format(audio.PCM16, 24000), "abcd"},
		{"half a sample behind", append(audio.WAVHeader(24000), "abcde"...), format(audio.PCM16, 24000), "abcd"},
		{"no samples", wav(pcm24, chunk("data", 0, "")), format(audio.PCM16, 24000), ""},
		{"float", wav(formatChunk(3, 1, 48000, 32), chunk("data", 4, "abcd")), format(audio.PCMF32, 48000), "abcd"},
		{"A-law", wav(formatChunk(6, 1, 8000, 8), chunk("data", 3, "abc")), format(audio.ALaw, 8000), "abc"},
		{"µ-law, longer fmt", wav(chunk("fmt ", 18, string(formatBody(7, 1, 8000, 8))+"\x00\x00"), chunk("data", 3, "abc")), format(audio.MuLaw, 8000), "abc"},
		{"extensible", wav(extensible(1, 44100, 16, guidTail), chunk("data", 4, "abcd")), format(audio.PCM16, 44100), "abcd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, data, err := audio.ReadWAV(bytes.NewReader(tt.file))
			if err != nil || got != tt.want || string(data) != tt.data {
				t.Errorf("%s, %q, %v; want %s, %q", got, data, err, tt.want, tt.data)
			}
		})
	}
}

// Other programs than ours take the lengths at their word.
func TestAFileOfKnownLengthSaysIt(t *testing.T) {
	for _, samples := range []string{"", "abcd"} {
		file := append(audio.WAVHeader(24000), samples...)
		audio.SetWAVLength(file)
		if riff, data := binary.LittleEndian.Uint32(file[4:]), binary.LittleEndian.Uint32(file[40:]); int(riff) != len(file)-8 || int(data) != len(samples) {
			t.Errorf("%d samples: lengths %d and %d, want %d and %d", len(samples)/2, riff, data, len(file)-8, len(samples))
		}
		f, got, err := audio.ReadWAV(bytes.NewReader(append(file, "no samples"...)))
		if len(samples) > 0 && (err != nil || f.Rate != 24000 || string(got) != samples) {
			t.Errorf("read %q at %d, %v", got, f.Rate, err)
		}
	}
}

func TestCutWAVHeader(t *testing.T) {
	pcm24 := formatChunk(1, 1, 24000, 16)
	whole := wav(chunk("JUNK", 3, "abc"), pcm24, chunk("data", 4, "abcdef"))
	f, rest, size, err := audio.CutWAVHeader(whole)
	if err != nil || f != format(audio.PCM16, 24000) || string(rest) != "abcdef" || size != 4 {
		t.Errorf("%s, %q, %d, %v; want all behind the header, 4 bytes of it samples", f, rest, size, err)
	}
	for _, unknown := range []uint32{0, unknownSize} {
		if _, _, size, err := audio.CutWAVHeader(wav(pcm24, chunk("data", unknown, "abcdef"))); err != nil || size != math.MaxInt64 {
			t.Errorf("size %x: got %d, %v; want no end", unknown, size, err)
		}
	}
	header := len(whole) - len(rest)
	for n := range header {
		if _, _, _, err := audio.CutWAVHeader(whole[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes of %d: %v, want %v", n, header, err, io.ErrUnexpectedEOF)
		}
	}
	if _, rest, _, err := audio.CutWAVHeader(whole[:header]); err != nil || len(rest) > 0 {
		t.Errorf("the header alone: %q, %v; want nothing", rest, err)
	}
	if _, _, _, err := audio.CutWAVHeader([]byte("RIFF\x00\x00\x00\x00AVI LIST")); !errors.Is(err, audio.ErrNotWAV) {
		t.Errorf("AVI: %v, want %v", err, audio.ErrNotWAV)
	}
}

func TestReadWAVRefuses(t *testing.T) {
	pcm24 := formatChunk(1, 1, 24000, 16)
	data := chunk("data", 4, "abcd")
	tests := []struct {
		name string
		file []byte
		want error
	}{
		{"nothing", nil, io.ErrUnexpectedEOF},
		{"an error page", []byte("<html>502 Bad Gateway</html>"), audio.ErrNotWAV},
		{"AVI", append([]byte("RIFF\x00\x00\x00\x00AVI "), data...), audio.ErrNotWAV},
		{"no format", wav(data), audio.ErrNotWAV},
		{"ends before the samples", wav(pcm24), io.ErrUnexpectedEOF},
		{"ends within a chunk", wav(pcm24, chunk("LIST", unknownSize, "ab")), io.ErrUnexpectedEOF},
		{"ends within the format", wav(pcm24)[:30], io.ErrUnexpectedEOF},
		{"stereo", wav(formatChunk(1, 2, 24000, 16), data), audio.ErrNotWAV},
		{"24 bits", wav(formatChunk(1, 1, 24000, 24), data), audio.ErrNotWAV},
		{"MP3 inside", wav(formatChunk(0x55, 1, 24000, 0), data), audio.ErrNotWAV},
		{"rate 0", wav(formatChunk(1, 1, 0, 16), data), audio.ErrNotWAV},
		{"an absurd rate", wav(formatChunk(1, 1, 1<<31, 16), data), audio.ErrNotWAV},
		{"a short format", wav(chunk("fmt ", 4, "\x01\x00\x01\x00"), data), audio.ErrNotWAV},
		{"a huge format", wav(chunk("fmt ", unknownSize, "\x01\x00\x01\x00"), data), audio.ErrNotWAV},
		{"a foreign GUID", wav(extensible(1, 44100, 16, strings.Repeat("x", 14)), data), audio.ErrNotWAV},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if f, _, err := audio.ReadWAV(bytes.NewReader(tt.file)); !errors.Is(err, tt.want) {
				t.Errorf("%s, %v; want %v", f, err, tt.want)
			}
		})
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(append(audio.WAVHeader(24000), "some samples"...))
	f.Add(wav(chunk("JUNK", 1, "a"), extensible(3, 8000, 32, guidTail), chunk("data", 4, "abcd")))
	f.Add(wav(formatChunk(7, 1, 8000, 8), chunk("data", unknownSize, "")))
	f.Fuzz(func(t *testing.T, file []byte) {
		format, samples, err := audio.ReadWAV(bytes.NewReader(file))
		if err != nil {
			return
		}
		if format.Rate < 1 || format.Encoding == audio.WAV || len(samples)%format.BytesPerSample() != 0 {
			t.Fatalf("%s with %d bytes", format, len(samples))
		}
		if !bytes.Contains(file, samples) {
			t.Fatal("samples that are not in the file")
		}
	})
}
