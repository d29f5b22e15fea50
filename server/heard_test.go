package server

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/relay/relaytest"
	"voicerelay/text"
)

// heardIn is what fakes said in the audio messages of a generation, letter by letter.
func heardIn(t *testing.T, events []event, id string) string {
	t.Helper()
	var pcm []byte
	for _, e := range events {
		if e.kind() != "audio" || e["generation_id"] != id {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(e["audio"].(string))
		if err != nil {
			t.Fatal(err)
		}
		pcm = append(pcm, raw...)
	}
	return relaytest.Heard(pcm)
}

// seamIn compares what was heard with a text that a second voice began again at resume: how many whole words are
// missing, and how many were heard twice.
func seamIn(t *testing.T, whole, heard string, resume int) (missing, doubled int) {
	t.Helper()
	first, ok := strings.CutSuffix(heard, relaytest.Letters(whole[resume:]))
	first = strings.TrimSuffix(first, string(relaytest.CutOff))
	if !ok || !strings.HasPrefix(relaytest.Letters(whole), first) {
		t.Fatalf("heard %q of %q, resumed at %d", heard, whole, resume)
	}
	for _, w := range text.Tokens(whole, 0) {
		begins, ends := len(relaytest.Letters(whole[:w.Start])), len(relaytest.Letters(whole[:w.End]))
		switch {
		case w.Start < resume && ends > len(first):
			missing++
		case w.Start >= resume && ends <= len(first) && begins < ends:
			doubled++
		}
	}
	return missing, doubled
}

// A voice that was never heard is counted if its sounds may be the words, else timed.
func TestUnknownVoiceIsCountedIfItsSoundsMayBeWords(t *testing.T) {
	const rate = 24000
	beats := text.Piece{Text: "the quick brown fox jumps over a lazy dog near our house."}.Beats()
	spoken := func(unit time.Duration, words int) (sounds []audio.Sound, end int64) {
		for _, b := range beats[:words] {
			n := audio.Samples(time.Duration(position.Weight(b)*float64(unit)), rate)
			sounds = append(sounds, audio.Sound{Start: end, End: end + n})
			end += n + audio.Samples(30*time.Millisecond, rate)
		}
		return sounds, end
	}
	unknown := position.NewVoiceModels().Of(position.VoiceKey{})
	for _, unit := range []time.Duration{30 * time.Millisecond, 60 * time.Millisecond} {
		sounds, end := spoken(unit, 7)
		if got := unknown.Heard(position.Hearing{Beats: beats, Sounds: sounds, To: end, Rate: rate, Speed: 1}); got < 6 || got > 7 {
			t.Errorf("a unit of %v, 7 words said: took %d as heard, want 6 or 7", unit, got)
		}
	}
}
