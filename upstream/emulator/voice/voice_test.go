package voice

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voicerelay/audio"
)

var vocabulary = strings.Fields(`the quick brown fox jumps over a lazy dog near our house seven bright yellow lanterns
	hang above quiet river stones every winter night`)

func TestWords(t *testing.T) {
	tests := map[string]string{
		"Hello, world!":                    "Hello world",
		"It costs 1,250 dollars.":          "It costs one thousand two hundred fifty dollars",
		"Pi is 3.14":                       "Pi is three point one four",
		"Say <spell>AB1</spell> now":       "Say A B one now",
		"a<break time=\"200ms\"/>b":        "a b",
		"don't stop":                       "don't stop",
		"你好。":                              "你 好",
		"42 and 90 and 0":                  "forty two and ninety and zero",
		"":                                 "",
		"?!":                               "",
		"<spell>unclosed":                  "u n c l o s e d",
		"10,000,000 to 1":                  "ten million to one",
		"مرحبا بكم":                        "مرحبا بكم",
		"٤٢ كتاب":                          "٤٢ كتاب",
		"three < four":                     "three four",
		"e\u0301te\u0301 'quoted' (words)": "e\u0301te\u0301 quoted words",
	}
	for text, want := range tests {
		if got := strings.Join(Words(text), " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWordsAreHeardAgain(t *testing.T) {
	formats := []audio.Format{
		{Encoding: audio.PCM16, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.PCM16, Rate: 22050},
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.PCM16, Rate: 44100},
		{Encoding: audio.PCM16, Rate: 48000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.ALaw, Rate: 8000},
	}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 14).Draw(t, "words")
		format := rapid.SampledFrom(formats).Draw(t, "format")
		speed := rapid.SampledFrom([]float64{0.8, 1, 1.2}).Draw(t, "speed")
		spoken := Speak(strings.Join(words, " ")+".", rapid.Uint64().Draw(t, "seed"), 24000, speed)
		heard, err := Decode(through(t, spoken.PCM, format), format.Rate, vocabulary)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(heard, words) {
			t.Fatalf("heard %q, want %q", heard, words)
		}
	})
}

func TestWordsAreFoundWhereTheyStand(t *testing.T) {
	const rate, near = 16000, 5 * time.Millisecond
	spoken := Speak("the quick brown fox, jumps over a lazy dog.", 3, rate, 1)
	found, err := Locate(spoken.PCM, rate, vocabulary)
	if err != nil || len(found) != len(spoken.Words) {
		t.Fatalf("found %v (%v), want %v", found, err, spoken.Words)
	}
	for i, want := range spoken.Words {
		if got := found[i]; got.Text != want.Text || (got.Start-want.Start).Abs() > near || (got.End-want.End).Abs() > near {
			t.Errorf("found %v, want %v", got, want)
		}
	}
}

// through converts samples to a format and back to PCM at its rate.
func through(t *rapid.T, pcm []int16, format audio.Format) []int16 {
	var raw []byte
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	raw = convert(t, raw, audio.Format{Encoding: audio.PCM16, Rate: 24000}, format)
	return decodePCM(convert(t, raw, format, audio.Format{Encoding: audio.PCM16, Rate: format.Rate}))
}

func convert(t *rapid.T, raw []byte, from, to audio.Format) []byte {
	c, err := audio.NewConverter(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return c.Flush(c.Convert(nil, raw))
}

func TestMissingDoubledAndBrokenWordsAreNoticed(t *testing.T) {
	spoken := Speak("the quick brown fox", 3, 24000, 1)
	word := func(i int) (from, to int) {
		w := spoken.Words[i]
		return int(w.Start.Seconds() * 24000), int(w.End.Seconds() * 24000)
	}
	from, to := word(1)
	next, _ := word(2)
	tests := map[string]struct {
		pcm  []int16
		want string
	}{
		"missing": {slices.Concat(spoken.PCM[:from], spoken.PCM[next:]), "the brown fox"},
		"doubled": {slices.Concat(spoken.PCM[:next], spoken.PCM[from:]), "the quick quick brown fox"},
		"broken":  {slices.Concat(spoken.PCM[:(from+to)/2], make([]int16, 2400), spoken.PCM[next:]), "the ? brown fox"},
		"silence": {make([]int16, 24000), ""},
	}
	for name, test := range tests {
		heard, err := Decode(test.pcm, 24000, vocabulary)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(heard, " "); got != test.want {
			t.Errorf("%s: heard %q, want %q", name, got, test.want)
		}
	}
}

func TestSeedsDrawOtherLengths(t *testing.T) {
	one, same, other := Speak("some words here", 1, 24000, 1), Speak("some words here", 1, 24000, 1), Speak("some words here", 2, 24000, 1)
	if !slices.Equal(one.PCM, same.PCM) {
		t.Error("the same seed gave other samples")
	}
	if len(one.PCM) == len(other.PCM) {
		t.Error("another seed gave the same length")
	}
}

func TestWordsThatSoundAlikeAreRefused(t *testing.T) {
	seen := map[code]string{}
	for i := range 200_000 {
		word := spellOut(i)
		if other, ok := seen[codeOf(word)]; ok {
			if _, err := Decode(nil, 24000, []string{word, other}); err == nil {
				t.Errorf("%q and %q sound alike and were taken", word, other)
			}
			return
		}
		seen[codeOf(word)] = word
	}
	t.Fatal("no two words sound alike, so the check is not tried")
}

func spellOut(n int) string {
	word := "w"
	for ; n > 0; n /= 26 {
		word += string(rune('a' + n%26))
	}
	return word
}

func TestRealSpeechHasSound(t *testing.T) {
	if !HasEspeak() {
		t.Skip("espeak-ng is not installed")
	}
	spoken, err := SpeakAloud(context.Background(), "Hello from the relay.", 24000, 1)
	if err != nil {
		t.Fatal(err)
	}
	if seconds := float64(len(spoken.PCM)) / 24000; seconds < 0.5 || seconds > 5 || rms(spoken.PCM) < quiet {
		t.Errorf("%.1f s at a loudness of %.0f", seconds, rms(spoken.PCM))
	}
	if len(spoken.Words) != 4 {
		t.Errorf("words: got %v", spoken.Words)
	}
}

func TestBrokenWordsAreToldFromWholeOnes(t *testing.T) {
	const rate = 16000
	for seed := range uint64(5) {
		spoken := Speak(strings.Join(vocabulary, " "), seed, rate, 1)
		for _, word := range spoken.Words {
			from, to := int(word.Start.Seconds()*rate), int(word.End.Seconds()*rate)
			for _, share := range []float64{1, 0.9, 0.8, 0.7, 0.6} {
				length := int(share * float64(to-from))
				cut := append(slices.Clone(spoken.PCM[from:from+length]), make([]int16, rate/10)...)
				found, err := Locate(cut, rate, vocabulary)
				if err != nil || len(found) != 1 {
					t.Fatalf("%s, %v of it: found %v (%v)", word.Text, share, found, err)
				}
				if found[0].Text == Unknown {
					continue // which says it as well
				}
				missing := time.Duration(to-from-length) * time.Second / rate
				if missing > 0 && missing <= 2*halfError {
					continue // too little to be sure of
				}
				if got, want := Broken(cut, rate, found[0]), missing > 0; got != want {
					t.Errorf("seed %d: %s of %v, %v of it: broken %t", seed, word.Text, word.End-word.Start, share, got)
				}
			}
		}
	}
}
