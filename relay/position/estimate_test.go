package position

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voicerelay/audio"
	"voicerelay/text"
)

// utter says beats as a voice does whose words take what their letters say, more or less by spread: it returns where
// each word is, in samples of a millisecond.
func utter(beats []text.Beat, unit time.Duration, spread float64, between int64, chance func() float64) []audio.Sound {
	at := int64(100)
	var said []audio.Sound
	for _, b := range beats {
		length := Weight(b) * float64(unit.Milliseconds()) * (1 + spread*(2*chance()-1))
		said = append(said, audio.Sound{Start: at, End: at + int64(length)})
		at += int64(length) + between + int64(pauseAfter(b)*float64(unit.Milliseconds()))
	}
	return said
}

// runTogether are the sounds of words between which there is no silence but at punctuation.
func runTogether(words []audio.Sound, beats []text.Beat) []audio.Sound {
	var sounds []audio.Sound
	for i, w := range words {
		if i > 0 && beats[i-1].Pause == text.NoPause {
			sounds[len(sounds)-1].End = w.End
			continue
		}
		sounds = append(sounds, w)
	}
	return sounds
}

// upTo is what was heard of sounds by a time, and how many words were whole.
func upTo(sounds, words []audio.Sound, to int64) (heard []audio.Sound, whole int) {
	for _, s := range sounds {
		if s.Start < to {
			heard = append(heard, audio.Sound{Start: s.Start, End: min(s.End, to)})
		}
	}
	for whole < len(words) && words[whole].End <= to {
		whole++
	}
	return heard, whole
}

// knownVoice is a voice that was heard often.
func knownVoice(unit time.Duration, spread, apartOdds float64) VoiceModel {
	const words = 80
	r := NewVoiceModels().Of(VoiceKey{}).Pace
	r.words, r.samples, r.apart, r.alike = words, words, apartOdds, -mostOdds
	for m := range wordModels {
		r.unit[runOn][m], r.unit[apart][m] = float64(unit.Milliseconds()), float64(unit.Milliseconds())
		r.variance[m] = words * spread * spread
	}
	return VoiceModel{Unit: unit, Spread: spread, Pieces: modelMemory, Pace: r}
}

const prose = "When the morning came, nobody was awake but the old man. He made some tea, sat down by the window, and waited for the rain to stop."

// Where each word is a sound of its own, no word is left out, and at most the last two whole ones are said again.
func TestCountedWordsAreNeverLeftOut(t *testing.T) {
	beats := pieceFrom(prose, 0).Beats()
	rapid.Check(t, func(rt *rapid.T) {
		spread := rapid.Float64Range(0, 0.4).Draw(rt, "spread")
		seed := rapid.Uint64().Draw(rt, "seed")
		words := utter(beats, UsualUnit, spread, 40, rand.New(rand.NewPCG(seed, 1)).Float64)
		to := rapid.Int64Range(1, words[len(words)-1].End+500).Draw(rt, "heard")
		sounds, whole := upTo(words, words, to)
		h := knownVoice(UsualUnit, max(spread, 0.05), mostOdds)
		got := h.Heard(Hearing{Beats: beats, Sounds: sounds, To: to, Rate: 1000, Speed: 1})
		if got > whole || got < whole-2 {
			rt.Fatalf("got %d words, heard %d", got, whole)
		}
	})
}

// A voice whose words run together is estimated: rarely is a word left out, and few are said again.
func TestEstimatesErrTowardsRepeating(t *testing.T) {
	beats := pieceFrom(prose, 0).Beats()
	chance := rand.New(rand.NewPCG(7, 7))
	for _, spread := range []float64{0, 0.2, 0.4} {
		omitted, repeats := 0, []int{}
		const all = 500
		for range all {
			words := utter(beats, UsualUnit, spread, 0, chance.Float64)
			to := 100 + chance.Int64N(words[len(words)-1].End)
			sounds, whole := upTo(runTogether(words, beats), words, to)
			h := knownVoice(UsualUnit, max(spread, 0.05)/math.Sqrt(3), -mostOdds) // the deviation of an even spread
			got := h.Heard(Hearing{Beats: beats, Sounds: sounds, To: to, Rate: 1000, Speed: 1})
			if got > whole {
				omitted++
			}
			repeats = append(repeats, whole-got)
		}
		slices.Sort(repeats)
		p95 := repeats[len(repeats)*95/100]
		t.Logf("spread %.1f: words left out in %d of %d, doubled: p95 %d, most %d", spread, omitted, all, p95, repeats[all-1])
		if omitted > all/50 || p95 > 2 {
			t.Errorf("spread %.1f: words left out in %d of %d, p95 of doubled %d", spread, omitted, all, p95)
		}
	}
}

func TestHeard(t *testing.T) {
	usual := knownVoice(50*time.Millisecond, 0.05, -mostOdds)
	counting := knownVoice(50*time.Millisecond, 0.3, mostOdds)
	const s = "aaa bbb ccc ddd eee" // 250 ms a word, if nothing goes wrong
	tests := map[string]struct {
		habit  VoiceModel
		text   string
		sounds []audio.Sound
		to     int64
		speed  float64
		want   int
	}{
		"silence":                  {usual, s, nil, 2000, 1, 0},
		"half a word":              {usual, s, []audio.Sound{{Start: 0, End: 125}}, 125, 1, 0},
		"three words":              {usual, s, []audio.Sound{{Start: 0, End: 750}}, 750, 1, 2}, // half a word back
		"three words, then quiet":  {usual, s, []audio.Sound{{Start: 0, End: 750}}, 3000, 1, 3},
		"behind a silence":         {usual, s, []audio.Sound{{Start: 500, End: 1250}}, 1250, 1, 2},
		"slower as asked":          {usual, s, []audio.Sound{{Start: 0, End: 750}}, 750, 0.5, 1},
		"up to a comma":            {usual, "aaa bbb, ccc ddd", []audio.Sound{{Start: 0, End: 520}, {Start: 720, End: 800}}, 800, 1, 2},
		"counted":                  {counting, s, []audio.Sound{{Start: 0, End: 300}, {Start: 360, End: 660}}, 700, 1, 2},
		"counted, within a word":   {counting, s, []audio.Sound{{Start: 0, End: 300}, {Start: 360, End: 660}}, 660, 1, 1},
		"counted, more than there": {counting, "aaa", []audio.Sound{{Start: 0, End: 300}, {Start: 360, End: 660}}, 700, 1, 1},
		"digits can't be counted":  {counting, "1999 was", []audio.Sound{{Start: 0, End: 300}, {Start: 360, End: 660}}, 700, 1, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := Hearing{Beats: pieceFrom(test.text, 0).Beats(), Sounds: test.sounds, To: test.to, Rate: 1000, Speed: test.speed}
			if got := test.habit.Heard(a); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestHabitsLearn(t *testing.T) {
	voice := VoiceKey{Voice: "v"}
	beats := pieceFrom("aaa bbb ccc ddd", 0).Beats() // 20 units
	counted := []audio.Sound{{Start: 0, End: 200}, {Start: 250, End: 450}, {Start: 500, End: 700}, {Start: 750, End: 1000}}
	tests := map[string]struct {
		lessons []Observation
		unit    time.Duration
		counts  int
	}{
		"nothing":             {nil, UsualUnit, 0},
		"one":                 {[]Observation{{beats, counted, 1000, 1}}, 50 * time.Millisecond, 4},
		"at twice the speed":  {[]Observation{{beats, counted, 1000, 2}}, 100 * time.Millisecond, 4},
		"too short":           {[]Observation{{beats[:2], counted[:2], 1000, 1}}, UsualUnit, 0},
		"no sound":            {[]Observation{{beats, nil, 1000, 1}}, UsualUnit, 0},
		"hardly any sound":    {[]Observation{{beats, []audio.Sound{{Start: 0, End: 25}}, 1000, 1}}, UsualUnit, 0},
		"far too much":        {[]Observation{{beats, []audio.Sound{{Start: 0, End: 9000}}, 1000, 1}}, UsualUnit, 0},
		"words run together":  {[]Observation{{beats, counted, 1000, 1}, {beats, []audio.Sound{{Start: 0, End: 1000}}, 1000, 1}}, 50 * time.Millisecond, 0},
		"no more than enough": {slices.Repeat([]Observation{{beats, counted, 1000, 1}}, 100), 50 * time.Millisecond, 4 * CountsAfter},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := NewVoiceModels()
			for _, l := range test.lessons {
				h.Learn(voice, l)
			}
			if got := h.Of(voice); got.Unit != test.unit || got.Counts != test.counts {
				t.Errorf("got a unit of %v and %d counted, want %v and %d", got.Unit, got.Counts, test.unit, test.counts)
			}
		})
	}
}

func TestHabitsAreBounded(t *testing.T) {
	h := NewVoiceModels()
	for i := range maxVoiceModels + 100 {
		h.NoteTiming(VoiceKey{Voice: strings.Repeat("v", i)}, Late)
	}
	if len(h.models) != maxVoiceModels {
		t.Errorf("remembers %d voices, want %d", len(h.models), maxVoiceModels)
	}
}

// However long a voice without word times speaks, where it broke off is found in little time.
func TestLongSpeechIsEstimatedInLittleTime(t *testing.T) {
	beats := pieceFrom(strings.Repeat(prose+" ", 30), 0).Beats()
	words := utter(beats, UsualUnit, 0.2, 0, rand.New(rand.NewPCG(1, 1)).Float64)
	sounds, whole := upTo(runTogether(words, beats), words, words[len(words)-5].End)
	began := time.Now()
	got := knownVoice(UsualUnit, 0.12, -mostOdds).Heard(Hearing{Beats: beats, Sounds: sounds, To: sounds[len(sounds)-1].End, Rate: 1000, Speed: 1})
	if took := time.Since(began); took > 5*time.Second { // on a busy machine
		t.Errorf("took %v for %d words", took, len(beats))
	}
	if got > whole || got < whole-2 {
		t.Errorf("got %d words, heard %d", got, whole)
	}
}

// Sounds that were no words are held against a counted voice a few times at most.
func TestDoubtEndsCounting(t *testing.T) {
	beats := pieceFrom("One two three four five six seven eight nine ten eleven twelve.", 0).Beats()
	known := utter(beats, UsualUnit, 0, 40, func() float64 { return 0.5 })
	h := NewVoiceModels()
	for range 9 {
		h.Learn(VoiceKey{}, Observation{Beats: beats, Sounds: known, Rate: 1000, Speed: 1})
	}
	for range 3 {
		h.Doubt(VoiceKey{})
	}
	if got := h.Of(VoiceKey{}).Counts; got >= CountsAfter {
		t.Errorf("still counted after three doubts: %d", got)
	}
}
