package zeligate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
	"voicerelay/upstream/emulator/voice"
)

// zeliWords are in two sentences, so that the schedule and the stream's end have their part.
const zeliWords = "one two three four five six. seven eight nine ten eleven twelve"

func zeliVocabulary() []string { return strings.Fields(strings.ReplaceAll(zeliWords, ".", "")) }

// zeliSpoken is the length of what an emulator has spoken.
func zeliSpoken(s *engine.Server) time.Duration { return s.Stats().Streams[0].Audio }

func TestZeligateWordsAreHeardInEachFormatOfSamples(t *testing.T) {
	for _, name := range engine.OutputFormatNames() {
		f, _ := engine.OutputFormatOf(name)
		if f.Codec == "mp3" || f.Codec == "opus" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, base := startZeligate(t, engine.Options{})
			h := dialZeligate(t, base, name, zeliBOS, fmt.Sprintf(`{"text":%q}`, zeliWords), zeliEOS).listen(10 * time.Second)
			if !h.final {
				t.Fatalf("no end: %+v", h)
			}
			raw := h.audio
			if f.Codec == "wav" {
				head := audio.WAVHeader(f.Rate)
				if !bytes.HasPrefix(raw, head) || bytes.Count(raw, []byte("RIFF")) != 1 {
					t.Fatalf("got %x, want one header in front", raw[:min(len(raw), 60)])
				}
				raw = raw[len(head):]
			}
			pcm := enginetest.Samples(t, f, raw)
			got, err := voice.Decode(pcm, f.Rate, zeliVocabulary())
			if want := zeliVocabulary(); err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
			length, want := audio.Duration(int64(len(pcm)), f.Rate), zeliSpoken(server)
			if (length - want).Abs() > time.Millisecond {
				t.Errorf("got %v of audio, want the %v that were spoken", length, want)
			}
		})
	}
}
