package zeligate

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// words are in two sentences, so that the schedule and the stream's end have their part.
const words = "one two three four five six. seven eight nine ten eleven twelve"

// spokenAudio is the length of what an emulator has spoken.
func spokenAudio(s *engine.Server) time.Duration { return s.Stats().Streams[0].Audio }

func TestZeligateWordsAreHeardInEachFormatOfSamples(t *testing.T) {
	for _, name := range engine.OutputFormatNames() {
		f, _ := engine.OutputFormatOf(name)
		if f.Codec == "mp3" || f.Codec == "opus" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, base := start(t, engine.Options{})
				h := dial(t, base, name, bos, fmt.Sprintf(`{"text":%q}`, words), eos).listen(10 * time.Second)
				if !h.final {
					t.Fatalf("no end: %+v", h)
				}
				raw, format := h.audio, audio.Format{Encoding: audio.PCM16, Rate: f.Rate}
				if f.Codec == "wav" {
					head := audio.WAVHeader(f.Rate)
					if !bytes.HasPrefix(raw, head) || bytes.Count(raw, []byte("RIFF")) != 1 {
						t.Fatalf("got %x, want one header in front", raw[:min(len(raw), 60)])
					}
					raw = raw[len(head):]
				}
				switch f.Codec {
				case "ulaw":
					format.Encoding = audio.MuLaw
				case "alaw":
					format.Encoding = audio.ALaw
				}
				enginetest.WantWords(t, raw, format, words)
				length, want := audio.Duration(int64(len(raw)/format.BytesPerSample()), f.Rate), spokenAudio(server)
				if (length - want).Abs() > time.Millisecond {
					t.Errorf("got %v of audio, want the %v that were spoken", length, want)
				}
			})
		})
	}
}
