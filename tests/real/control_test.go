package real_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The ear notices a word that is cut out of a reading, and words that are said again: else a takeover could be judged by nothing.
func (s stage) areListenedTo(t *testing.T) {
	whole := make(map[string]sound)
	for _, e := range []*engine{s.hibari, s.joe} {
		for n, text := range sentences[:4] {
			whole[fmt.Sprintf("%s-%d", e.name, n)] = sound{pcm: read(t, s.client, e.name, "narrator", text).pcm, text: text}
		}
	}
	spoiled := make(map[string]sound)
	cut := make(map[string]int) // the word that is not there
	for name, h := range listen(t, whole, false) {
		original := whole[name]
		if lost := h.missing(len(wordsOf(original.text))); len(lost) > 1 || h.doubled() > 0 {
			t.Errorf("%s, undisturbed: words %v are missing and %d doubled", name, lost, h.doubled())
		}
		// A long word in the middle, and the three words before it, of which the last is not a short one: the ear may miss that before a cut.
		words := wordsOf(original.text)
		i := slices.IndexFunc(h.known, func(w knownWord) bool { return w.index > 5 && len(words[w.index]) > 5 && len(words[w.index-1]) > 3 })
		if i < 4 {
			continue // there is none
		}
		cut[name+"-cut"] = h.known[i].index
		spoiled[name+"-cut"] = splice(original, h.known[i].start, h.known[i].end)
		spoiled[name+"-again"] = splice(original, h.known[i].start, h.known[i-3].start)
	}
	if len(cut) < 4 {
		t.Errorf("only %d readings could be spoiled", len(cut))
	}
	for name, h := range listen(t, spoiled, false) {
		lost := h.missing(len(wordsOf(spoiled[name].text)))
		if i, isCut := cut[name]; isCut && !slices.Contains(lost, i) {
			t.Errorf("%s: the ear does not miss word %d, and heard %v", name, i, h.known)
		} else if !isCut && h.doubled() != 3 {
			t.Errorf("%s: the ear hears %d words doubled, want 3, and heard %v", name, h.doubled(), h.known)
		}
	}
}

// splice goes on at another time of a reading than where it leaves off, as if by another voice.
func splice(s sound, off, on time.Duration) sound {
	at := func(d time.Duration) int { return min(len(s.pcm), int(d*rate/time.Second)) }
	return sound{pcm: slices.Concat(s.pcm[:at(off)], s.pcm[at(on):]), text: s.text, join: at(off)}
}
