package position

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"voicerelay/audio"
	"voicerelay/text"
)

// espeakSpeech is real speech: what an Ear hears of sentences that espeak-ng says, and where it says that each word
// begins, in milliseconds.
//
//go:embed testdata/espeak.jsonl
var espeakSpeech []byte

// realSpeech is a sentence in a voice.
type realSpeech struct {
	Voice, Text string
	Sounds      [][2]int64
	Starts      []int64

	beats  []text.Beat
	sounds []audio.Sound
	ends   []int64 // of words
}

func realSpeeches(t *testing.T) (all []realSpeech) {
	t.Helper()
	for lines := bufio.NewScanner(bytes.NewReader(espeakSpeech)); lines.Scan(); {
		var s realSpeech
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		s.beats = pieceFrom(s.Text, 0).Beats()
		if len(s.Starts) != len(s.beats) {
			t.Fatalf("%q has %d words, and %d were told", s.Text, len(s.beats), len(s.Starts))
		}
		for _, sound := range s.Sounds {
			s.sounds = append(s.sounds, audio.Sound{Start: sound[0], End: sound[1]})
		}
		for _, next := range append(s.Starts[1:], s.sounds[len(s.sounds)-1].End) {
			s.ends = append(s.ends, s.endBefore(next))
		}
		all = append(all, s)
	}
	return all
}

// endBefore is where the last sound before a word ends.
func (s realSpeech) endBefore(next int64) int64 {
	end := next
	for _, sound := range s.sounds {
		if sound.Start < next-20 {
			end = min(sound.End, next)
		}
	}
	return end
}

// hearing is the speech up to a time.
func (s realSpeech) hearing(to int64) Hearing {
	sounds, _ := upTo(s.sounds, nil, to)
	return Hearing{Beats: s.beats, Sounds: sounds, To: to, Rate: 1000, Speed: 1}
}

// In real speech silence is within words as well as between them, and hardly any word is as long as it is written.
func TestRealSpeechIsEstimated(t *testing.T) {
	const blurred = 40 // ms: where a word ends is not sharp
	all := realSpeeches(t)
	for _, learned := range []int{0, 1, 4} {
		missing, doubled := 0, []int{}
		worst := ""
		for i, s := range all {
			habits, voice := NewVoiceModels(), VoiceKey{Voice: s.Voice}
			for n, other := range all {
				if other.Voice == s.Voice && n != i && habits.Of(voice).Pieces < learned {
					habits.Learn(voice, Observation{Beats: other.beats, Sounds: other.sounds, Rate: 1000, Speed: 1})
				}
			}
			h := habits.Of(voice)
			for to := int64(50); to < s.ends[len(s.ends)-1]; to += 410 {
				whole := 0
				for whole < len(s.ends) && s.ends[whole] <= to+blurred {
					whole++
				}
				got := h.Heard(s.hearing(to))
				if got > whole {
					missing++
					worst = fmt.Sprintf("%s: %q by %d ms: got %d, heard %d; sounds %v, ends %v", s.Voice, s.Text, to, got, whole, s.hearing(to).Sounds, s.ends)
				}
				doubled = append(doubled, max(0, whole-got))
			}
		}
		slices.Sort(doubled)
		n := len(doubled)
		t.Logf("%d sentences known: of %d breaks %d leave words out; words said again: p50 %d, p90 %d, most %d; %s",
			learned, n, missing, doubled[n/2], doubled[n*9/10], doubled[n-1], worst)
		if missing > 0 {
			t.Errorf("%d sentences known: %d of %d breaks leave words out, at last %s", learned, missing, n, worst)
		}
		if most := 4; learned > 0 && doubled[n*9/10] > most {
			t.Errorf("%d sentences known: one break in ten has %d words said again, want at most %d", learned, doubled[n*9/10], most)
		}
	}
}
