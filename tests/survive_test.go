package tests

import (
	"cmp"
	"slices"
	"strings"

	"voicerelay/upstream/emulator/voice"
)

// survives checks that a generation has said all of a text though its vendor failed, and returns how it went on. A word
// that was under way is heard broken off, which may sound like all of it or like none, and then once more; no other is
// missing or doubled. Where words were asked for, each is announced once.
func (c *client) survives(id, text string) string {
	c.t.Helper()
	c.completed(id)
	want := voice.Words(text)
	got := slices.DeleteFunc(c.heard(id, want...), func(w string) bool { return w == voice.Unknown })
	var ways []string
	for _, m := range c.about(id) {
		if m.kind == "rerouted" {
			ways = append(ways, m.Reason+" by "+m.ResumeSource)
			got = once(got, voice.Words(text[m.ResumeChar:])[0])
		}
	}
	if !slices.EqualFunc(got, want, strings.EqualFold) {
		c.fail("%s: heard %q, want %q", id, got, want)
	}
	var announced []string
	for _, w := range c.words(id) {
		announced = append(announced, w.Word)
	}
	if announced != nil && !slices.EqualFunc(announced, want, strings.EqualFold) {
		c.fail("%s: announced %q, want %q", id, announced, want)
	}
	return cmp.Or(strings.Join(ways, ", "), "with one alone")
}

// once is words, of which one is there a single time where it stands twice in a row.
func once(words []string, word string) []string {
	for i := range len(words) - 1 {
		if strings.EqualFold(words[i], word) && strings.EqualFold(words[i+1], word) {
			return slices.Delete(words, i, i+1)
		}
	}
	return words
}
