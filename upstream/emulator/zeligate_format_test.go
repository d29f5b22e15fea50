package emulator

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// zeliWords are in two sentences, so that the schedule and the stream's end have their part.
const zeliWords = "one two three four five six. seven eight nine ten eleven twelve"

func zeliVocabulary() []string { return strings.Fields(strings.ReplaceAll(zeliWords, ".", "")) }

// zeliSpoken is the length of what an emulator has spoken.
func zeliSpoken(s *Server) time.Duration { return s.Stats().Streams[0].Audio }

func TestZeligateWordsAreHeardInEachFormatOfSamples(t *testing.T) {
	for _, name := range zeliFormatNames() {
		f, _ := zeliFormatOf(name)
		if f.codec == "mp3" || f.codec == "opus" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, base := startZeligate(t, Options{})
			h := dialZeligate(t, base, name, zeliBOS, fmt.Sprintf(`{"text":%q}`, zeliWords), zeliEOS).listen(10 * time.Second)
			if !h.final {
				t.Fatalf("no end: %+v", h)
			}
			raw := h.audio
			if f.codec == "wav" {
				head := audio.WAVHeader(f.rate)
				if !bytes.HasPrefix(raw, head) || bytes.Count(raw, []byte("RIFF")) != 1 {
					t.Fatalf("got %x, want one header in front", raw[:min(len(raw), 60)])
				}
				raw = raw[len(head):]
			}
			pcm := zeliSamples(t, f, raw)
			got, err := voice.Decode(pcm, f.rate, zeliVocabulary())
			if want := zeliVocabulary(); err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
			length, want := audio.Duration(int64(len(pcm)), f.rate), zeliSpoken(server)
			if (length - want).Abs() > time.Millisecond {
				t.Errorf("got %v of audio, want the %v that were spoken", length, want)
			}
		})
	}
}

// zeliSamples reads a format's bytes.
func zeliSamples(t *testing.T, f zeliFormat, raw []byte) []int16 {
	t.Helper()
	from := audio.Format{Encoding: audio.PCM16, Rate: f.rate}
	switch f.codec {
	case "ulaw":
		from.Encoding = audio.MuLaw
	case "alaw":
		from.Encoding = audio.ALaw
	}
	if from.Encoding != audio.PCM16 {
		c, err := audio.NewConverter(from, audio.Format{Encoding: audio.PCM16, Rate: f.rate})
		if err != nil {
			t.Fatal(err)
		}
		raw = c.Flush(c.Convert(nil, raw))
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return pcm
}

// The default is the one that the address of the reference's example names.
func TestZeligateSpeaksMP3ByDefault(t *testing.T) {
	f, ok := zeliFormatOf("")
	if want := (zeliFormat{"mp3", 44100, 128}); !ok || f != want {
		t.Errorf("got %+v, %t, want %+v", f, ok, want)
	}
	for _, name := range []string{"pcm_11025", "mp3_44100_48", "opus_24000_32", "ulaw_16000", "mp3", "_", "PCM_24000"} {
		if f, ok := zeliFormatOf(name); ok {
			t.Errorf("%q: got %+v, want none", name, f)
		}
	}
}

// A compressed stream is frame behind frame, as long as the speech, at its bit rate.
func TestZeligateMP3Frames(t *testing.T) {
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
			f, _ := zeliFormatOf(name)
			const spoken = 2 * nativeRate
			raw := zeliEncode(t, f, spoken)
			size := tt.samples * f.kbps * 1000 / 8 / f.rate
			if len(raw)%size != 0 {
				t.Fatalf("got %d bytes, want frames of %d", len(raw), size)
			}
			for at := 0; at < len(raw); at += size {
				if got := binary.BigEndian.Uint32(raw[at:]); got != tt.header {
					t.Fatalf("at %d: got %08x, want %08x", at, got, tt.header)
				}
			}
			got := audio.Duration(int64(len(raw)/size*tt.samples), f.rate)
			frame := audio.Duration(int64(tt.samples), f.rate)
			if want := audio.Duration(spoken, nativeRate); got < want || got >= want+frame {
				t.Errorf("got %v, want %v and less than a frame more", got, want)
			}
		})
	}
}

// zeliEncode encodes silence in pieces that fit nothing.
func zeliEncode(t *testing.T, f zeliFormat, samples int) []byte {
	t.Helper()
	e, err := f.encoder()
	if err != nil {
		t.Fatal(err)
	}
	var raw []byte
	for samples > 0 {
		n := min(samples, 1001)
		raw = append(raw, e.encode(make([]int16, n))...)
		samples -= n
	}
	return append(raw, e.end()...)
}

// An Opus stream is pages of Ogg: head and tags, then packets of 20 ms, each page with its number, sum and position.
func TestZeligateOpusPages(t *testing.T) {
	f, _ := zeliFormatOf("opus_48000_64")
	raw := zeliEncode(t, f, 3*nativeRate+7)
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
		t.Errorf("got flags %d and position %d behind %d packets, want the last page at most %d", flags, position, packets, most)
	}
}

// The catalogs' check value of CRC-32/CKSUM, which is the same sum inverted at the end.
func TestOggChecksum(t *testing.T) {
	if got, want := oggChecksum([]byte("123456789")), ^uint32(0x765E7680); got != want {
		t.Errorf("got %08x, want %08x", got, want)
	}
}
