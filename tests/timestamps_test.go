package tests

import (
	"fmt"
	"slices"
	"testing"

	"voicerelay/upstream/emulator"
)

// Texts with the words that a client must be told of. The checker has already seen that each stands at its place in
// the text, in order, and not before its audio.
var worded = []struct {
	name, text string
	want       []string
}{
	{"plain", "The quick, brown fox!", []string{"The", "quick", "brown", "fox"}},
	{"apostrophes", "don't stop John's dog", []string{"don't", "stop", "John's", "dog"}},
	{"number", "It takes 3.14 or 1,250 steps.", []string{"It", "takes", "3.14", "or", "1,250", "steps"}},
	{"amount", "They paid $1,250.50 today.", []string{"They", "paid", "$1,250.50", "today"}},
	{"percent", "Then 50% left.", []string{"Then", "50%", "left"}},
	{"number at the end", "We sold 42", []string{"We", "sold", "42"}},
	{"spell", "Your code is <spell>AB7</spell> today.", []string{"Your", "code", "is", "A", "B", "7", "today"}},
	{"unclosed spell", "It is <spell>XY", []string{"It", "is", "X", "Y"}},
	{"break tag", `Wait <break time="200ms"/> here.`, []string{"Wait", "here"}},
	{"less than", "When a < b it holds.", []string{"When", "a", "b", "it", "holds"}},
	{"cyrillic", "Привет, мир!", []string{"Привет", "мир"}},
	{"arabic", "مرحبا بالعالم.", []string{"مرحبا", "بالعالم"}},
	{"hebrew", "שלום עולם.", []string{"שלום", "עולם"}},
	{"devanagari", "नमस्ते दुनिया।", []string{"नमस्ते", "दुनिया"}},
	{"accents", "Café naïve déjà vu.", []string{"Café", "naïve", "déjà", "vu"}},
	{"combining marks", "Cafe\u0301 noir.", []string{"Cafe\u0301", "noir"}},
	{"emoji between", "Hello 👋🏽 world 👨‍👩‍👧.", []string{"Hello", "world"}},
	{"emoji attached", "Good👍 dog", []string{"Good", "dog"}},
	{"beyond the basic plane", "𝒜 word 𐍈 more.", []string{"𝒜", "word", "𐍈", "more"}},
	{"repeated words", "no no no yes no", []string{"no", "no", "no", "yes", "no"}},
	{"line breaks", "One\nTwo\r\n\r\nThree", []string{"One", "Two", "Three"}},
	{"quotes", "“Well,” she said, ‘fine’.", []string{"Well", "she", "said", "fine"}},
	{"many spaces", "   wide    open   ", []string{"wide", "open"}},
}

func TestWordTimesAreOfTheClientsText(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	c := r.dial(t)
	for i, tt := range worded {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": tt.text, "word_timestamps": true})
	}
	for i, tt := range worded {
		id := fmt.Sprint("g", i)
		c.completed(id)
		var got []string
		for _, w := range c.words(id) {
			got = append(got, w.Word)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q: words %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

// Chinese and Japanese have no spaces; a dictionary's words or single characters are both fair, but they must cover
// the text, in order.
func TestWordTimesCoverTextWithoutSpaces(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for i, text := range []string{"你好，世界。今天天气很好。", "こんにちは、世界。", "สวัสดีชาวโลก", "안녕하세요 세계."} {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": text, "word_timestamps": true})
		c.completed(id)
		covered := map[int]bool{}
		for _, w := range c.words(id) {
			for at := w.CharStart; at < w.CharEnd; at++ {
				covered[at] = true
			}
		}
		for at, r := range []rune(text) {
			if punctuation := slices.Contains([]rune("，。、. "), r); covered[at] == punctuation {
				t.Errorf("%q: %q at %d: covered %v", text, r, at, covered[at])
			}
		}
	}
}

func TestWordTimesOfIncrementalText(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).amend("default", func(r *route) { r.MaxPartialLength = 60 })
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "👋🏽 ", "final": false, "word_timestamps": true})
	c.streamText("g", threeSentences)
	c.send(j{"type": "finish", "generation_id": "g"})
	m := c.completed("g")
	words := c.words("g")
	if len(words) != 27 {
		t.Errorf("%d words, want 27: %v", len(words), words)
	}
	if last := words[len(words)-1]; last.Word != "night" || last.EndMS > m.Usage.AudioMS {
		t.Errorf("the last word is %+v of %d ms", last, m.Usage.AudioMS)
	}
	// Pieces follow each other on the generation's own clock: the words spread over all of it.
	if middle := words[13]; middle.StartMS < m.Usage.AudioMS/4 || middle.StartMS > m.Usage.AudioMS*3/4 {
		t.Errorf("the middle word begins at %d of %d ms", middle.StartMS, m.Usage.AudioMS)
	}
}

// Where the tones are says where the words are: the announced times must agree with the audio itself.
func TestWordTimesAgreeWithTheAudio(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences, "word_timestamps": true, "output": j{"sample_rate": 16000}})
	c.completed("g")
	pcm, f := c.audio("g")
	for _, w := range c.words("g") {
		inner := pcm[w.StartMS*int64(f.Rate)/1000 : w.EndMS*int64(f.Rate)/1000]
		if loud := energy(inner); loud < 1000*1000 {
			t.Errorf("%q at %d..%d ms is silent", w.Word, w.StartMS, w.EndMS)
		}
	}
}

// energy is the mean square of samples.
func energy(pcm []int16) float64 {
	sum := 0.0
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return sum / float64(max(len(pcm), 1))
}
