package real_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client"
)

// sentences are what is read. Each word of theirs is in the recogniser's dictionary.
var sentences = []string{
	"The committee will meet again on Thursday morning to discuss the new budget for the hospital.",
	"When the storm finally passed, the fishermen found their boats scattered along the northern shore.",
	"Please bring your passport, two recent photographs and the completed form to the office before noon.",
	"Our engineers have been working all weekend to restore power to the villages in the valley.",
	"She opened the letter carefully, read it twice, and placed it back inside the wooden drawer.",
	"The train to the airport leaves every twenty minutes from the platform behind the main entrance.",
	"After dinner the children built a castle out of empty boxes, and nobody wanted to go to bed.",
	"A small group of students discovered the missing painting in the basement of the public library.",
	"If you would like to change your appointment, press one now or stay on the line for an agent.",
	"Heavy rain is expected in the mountains tonight, so drivers should avoid the road across the pass.",
}

// trial is one takeover.
type trial struct {
	first, second *engine
	sentence      int
	at            float64 // of what the first voice would have said
	*reading
	heard heard
}

func (k trial) name() string {
	return fmt.Sprintf("%s to %s, sentence %d, killed at %.0f %%", k.first.name, k.second.name, k.sentence, 100*k.at)
}

// Killed at random moments, either voice is taken over by the other, and a listener misses no word and hears at most two again.
func (s stage) takesOver(t *testing.T) {
	hibari, joe, c := s.hibari, s.joe, s.client
	began := time.Now()
	sounds := make(map[string]sound)
	whole := make(map[string]int) // bytes of what a voice says of a sentence, by its reading
	var trials []*trial
	for o, pair := range [][2]*engine{{hibari, joe}, {joe, hibari}} {
		first, second := pair[0], pair[1]
		route := first.name + "-" + second.name
		for range 3 { // so that the relay knows the voices
			read(t, c, route, "narrator", sentences[0])
		}
		draws := rand.New(rand.NewPCG(1, uint64(o)))
		for i := range *kills / 2 {
			n := i % len(sentences)
			undisturbed := fmt.Sprintf("%s-%d", first.name, n)
			if whole[undisturbed] == 0 {
				sounds[undisturbed], whole[undisturbed] = first.undisturbed(t, c, sentences[n])
			}
			// The other voice's reading is needed to compare with.
			if other := fmt.Sprintf("%s-%d", second.name, n); whole[other] == 0 {
				sounds[other], whole[other] = second.undisturbed(t, c, sentences[n])
			}
			k := &trial{first: first, second: second, sentence: n, at: 0.1 + 0.8*draws.Float64()}
			first.line.killAfter(int(k.at*float64(whole[undisturbed])), nil)
			k.reading = read(t, c, route, "narrator", sentences[n])
			first.line.mend()
			sounds[fmt.Sprintf("trial-%d", len(trials))] = sound{k.pcm, sentences[n], k.join}
			trials = append(trials, k)
		}
	}
	spoken := time.Since(began)
	all := listen(t, sounds, *freely)
	for i, k := range trials {
		k.heard = all[fmt.Sprintf("trial-%d", i)]
		k.judge(t, all[fmt.Sprintf("%s-%d", k.first.name, k.sentence)], all[fmt.Sprintf("%s-%d", k.second.name, k.sentence)])
	}
	if *freely {
		compareFreely(t, trials, all)
	}
	t.Logf("%d takeovers, spoken in %v and listened to in %v\n%s", len(trials), spoken.Round(time.Second), (time.Since(began) - spoken).Round(time.Second), table(trials))
}

// freeMargin is how many of 100 words more than undisturbed may not be recognised by who does not know the text, which guesses a word from
// those before it: at a join these are another voice's.
const freeMargin = 5

// compareFreely compares how many words are recognised by who does not know the texts, after takeovers and of both voices undisturbed.
func compareFreely(t *testing.T, trials []*trial, all map[string]heard) {
	t.Helper()
	var words, taken, undisturbed float64
	for _, k := range trials {
		text := sentences[k.sentence]
		words += float64(len(wordsOf(text)))
		taken += float64(k.heard.recognised(text))
		for _, e := range []*engine{k.first, k.second} {
			undisturbed += float64(all[fmt.Sprintf("%s-%d", e.name, k.sentence)].recognised(text)) / 2
		}
	}
	taken, undisturbed = 100*taken/words, 100*undisturbed/words
	t.Logf("recognised without knowing the text: %.0f %% of the words undisturbed, %.0f %% with a takeover", undisturbed, taken)
	if taken < undisturbed-freeMargin {
		t.Error("a takeover costs words")
	}
}

// undisturbed is a reading in which nothing goes wrong, and how many bytes it took.
// No other voice is there to take over from one that is slower than it is heard, on a machine that does other things too.
func (e *engine) undisturbed(t *testing.T, c *client.Client, text string) (sound, int) {
	t.Helper()
	e.line.mend()
	r := read(t, c, e.name, "narrator", text)
	if r.done.Reason != "completed" || len(r.rerouted) > 0 {
		t.Fatalf("%s, undisturbed: ended %s: %+v", e.name, r.done.Reason, r.done.Usage.Attempts)
	}
	return sound{pcm: r.pcm, text: text}, e.line.mend()
}

// mostDoubled is how many words may be heard twice: the takeover's own bound, where the evidence is an estimate.
const mostDoubled = 2

// judge compares what is heard of a takeover with what is heard of both voices alone.
func (k *trial) judge(t *testing.T, first, second heard) {
	t.Helper()
	if a := k.done.Usage.Attempts; k.done.Reason != "completed" || len(a) < 2 || len(k.rerouted) > 1 {
		t.Errorf("%s: ended %s, rerouted %+v, %+v", k.name(), k.done.Reason, k.rerouted, a)
		return
	}
	words := wordsOf(sentences[k.sentence])
	excused := append(first.missing(len(words)), second.missing(len(words))...)
	var lost []string
	for _, i := range k.heard.missing(len(words)) {
		if !slices.Contains(excused, i) {
			lost = append(lost, words[i])
		}
	}
	if len(lost) > 0 {
		t.Errorf("%s: %q are missing; %s; heard %q", k.name(), lost, k.resumed(), k.spoken())
	}
	if n := k.heard.doubled(); n > mostDoubled {
		t.Errorf("%s: %d words are doubled; %s; heard %q", k.name(), n, k.resumed(), k.spoken())
	}
}

// resumed is where the second voice went on, as the relay says.
func (k *trial) resumed() string {
	if len(k.rerouted) == 0 {
		return "nothing was heard of the first voice"
	}
	r := k.rerouted[0]
	return fmt.Sprintf("resumed at %q by %s", sentences[k.sentence][r.ResumeChar:], r.ResumeSource)
}

// spoken is what was heard, with a mark where the second voice begins.
func (k *trial) spoken() string {
	words := wordsOf(sentences[k.sentence])
	var said []string
	marked := false
	for _, w := range k.heard.known {
		if !marked && w.start >= length(k.join)-50*time.Millisecond {
			said, marked = append(said, "|"), true
		}
		said = append(said, words[w.index])
	}
	return strings.Join(said, " ")
}

// silence is how long it is quiet around the beginning of the second voice.
func (k *trial) silence() time.Duration {
	const frame = rate / 200
	quiet := func(from int) bool {
		return from >= 0 && from+frame <= len(k.pcm) && decibels(k.pcm[from:from+frame]) < -45
	}
	n := 0
	for at := k.join; quiet(at); at += frame {
		n++
	}
	for at := k.join - frame; quiet(at); at -= frame {
		n++
	}
	return length(n * frame)
}

// levels are those of speech before and after the second voice begins, in decibels of full scale.
func (k *trial) levels() (before, after float64) {
	return speechLevel(k.pcm[:k.join]), speechLevel(k.pcm[k.join:])
}

// speechLevel is the level of what is not a pause.
func speechLevel(pcm []int16) float64 {
	const frame = rate / 50
	var loud []int16
	for at := 0; at+frame <= len(pcm); at += frame {
		if decibels(pcm[at:at+frame]) > -45 {
			loud = append(loud, pcm[at:at+frame]...)
		}
	}
	return decibels(loud)
}

// decibels is the level of samples, of full scale.
func decibels(pcm []int16) float64 {
	sum := 1.0
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return 10*math.Log10(sum/float64(max(1, len(pcm)))) - 20*math.Log10(math.MaxInt16)
}

// paces are words a second before and after the second voice begins, pauses included; ok: there are enough words to tell.
func (k *trial) paces() (before, after float64, ok bool) {
	of := func(words []knownWord) float64 {
		if len(words) < 4 {
			return 0
		}
		return float64(len(words)) / (words[len(words)-1].end - words[0].start).Seconds()
	}
	i := slices.IndexFunc(k.heard.known, func(w knownWord) bool { return w.start >= length(k.join)-50*time.Millisecond })
	if i < 0 {
		return 0, 0, false
	}
	before, after = of(k.heard.known[:i]), of(k.heard.known[i:])
	return before, after, before > 0 && after > 0
}

// table shows what a listener gets of the takeovers of each order.
func table(trials []*trial) string {
	var out strings.Builder
	out.WriteString("| from, to | takeovers | playback ran dry | silence at the join | level before, after | change of level | pace before, after | change of pace | doubled |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, from := range []string{"hibari", "joe"} {
		var own []*trial
		for _, k := range trials {
			if k.first.name == from && len(k.rerouted) == 1 {
				own = append(own, k)
			}
		}
		if len(own) == 0 {
			continue
		}
		var gaps, silences, before, after, levels, paceBefore, paceAfter, paces, doubled []float64
		for _, k := range own {
			gaps, silences = append(gaps, k.gap.Seconds()*1000), append(silences, k.silence().Seconds()*1000)
			b, a := k.levels()
			before, after, levels = append(before, b), append(after, a), append(levels, a-b)
			if b, a, ok := k.paces(); ok {
				paceBefore, paceAfter, paces = append(paceBefore, b), append(paceAfter, a), append(paces, 100*(a/b-1))
			}
			doubled = append(doubled, float64(k.heard.doubled()))
		}
		fmt.Fprintf(&out, "| %s, %s | %d | %s ms | %s ms | %.1f, %.1f dB | %s dB | %.1f, %.1f words/s | %s %% | %s |\n", own[0].first.name, own[0].second.name, len(own),
			spread(gaps, "%.0f"), spread(silences, "%.0f"), median(before), median(after), spread(levels, "%+.1f"),
			median(paceBefore), median(paceAfter), spread(paces, "%+.0f"), spread(doubled, "%.0f"))
	}
	out.WriteString("Medians, and in brackets the extremes.\n")
	return out.String()
}

// spread is a median with the extremes.
func spread(values []float64, format string) string {
	if len(values) == 0 {
		return "–"
	}
	return fmt.Sprintf(format+" ("+format+" to "+format+")", median(values), slices.Min(values), slices.Max(values))
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.SortedFunc(slices.Values(values), cmp.Compare[float64])
	return sorted[len(sorted)/2]
}
