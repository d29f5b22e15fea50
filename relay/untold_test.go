package relay

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/text"
	"voicerelay/upstream"
)

// Whoever spoke a word and however late its vendor would have told when: the client is told of each word once, in order,
// and of those that were heard before another voice took over before that one's.
func TestWordsHeardBeforeATakeoverAreTold(t *testing.T) {
	dropped := &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
	never := func() *fakeProvider { f := lively(); f.times = timesNever; return f }
	for name, first := range map[string]func() *fakeProvider{
		"times far behind": func() *fakeProvider { f := lively(); f.times = timesAfter; return f },
		"times never":      never,
		"times as spoken":  lively,
		"times ahead":      func() *fakeProvider { f := lively(); f.times = timesAhead; return f },
		"times of nonsense": func() *fakeProvider {
			f := lively()
			f.distort = func(w *upstream.Word) { w.Start, w.End = w.End, w.Start }
			return f
		},
		"no times":                func() *fakeProvider { return deaf(upstream.PieceEndsExact) },
		"no times, no piece ends": func() *fakeProvider { return deaf(upstream.PieceEndsNone) },
	} {
		for _, heard := range []bool{false, true} {
			for _, after := range []int{9, 20, 31, 44, 60} {
				for _, stalls := range []bool{false, true} {
					t.Run(fmt.Sprint(name, " heard ", heard, " after ", after, " stalls ", stalls), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							first := first()
							c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": lively()}).dial("")
							if heard {
								c.rehearse()
							}
							if stalls {
								first.stallAt = after
							} else {
								first.breaks(after, dropped)
							}
							c.send(generate("g1", twelveWords, `,"word_timestamps":true`))
							l := c.listen("g1")
							if l.done["reason"] != "completed" || len(l.reroutes) > 1 {
								t.Fatalf("got %v with %d reroutes", l.done, len(l.reroutes))
							}
							checkWords(t, l.events)
							checkTold(t, l)
						})
					})
				}
			}
		}
	}
}

// checkTold checks that each word was told once, in order, and that those of an estimate are about where they were said.
func checkTold(t *testing.T, l call) {
	t.Helper()
	want, told := text.Tokens(twelveWords, 0), toldIn(l.events)
	if len(told) != len(want) {
		t.Fatalf("told of %d words, want %d: %v", len(told), len(want), told)
	}
	for i, w := range told {
		if w.word != want[i].Text || w.char != want[i].Start {
			t.Errorf("word %d: got %q at %d, want %q at %d", i, w.word, w.char, want[i].Text, want[i].Start)
		}
		if len(l.reroutes) == 0 {
			continue
		}
		said := time.Duration(want[i].Start) * charLength
		before := w.char < int(l.reroutes[0]["resume_char"].(float64))
		switch {
		case w.source == "provider" && w.off != 0, w.source == "estimate" && w.off == 0:
			t.Errorf("%q by %s is off by %v", w.word, w.source, w.off)
		case before && (w.start-said).Abs() > w.off+2*charLength:
			t.Errorf("%q is told to begin at %v, within %v, and does at %v", w.word, w.start, w.off, said)
		}
	}
}

// Without being asked for, no word is told.
func TestUntoldWordsNeedWordTimestamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := deaf(upstream.PieceEndsExact)
		first.failAt, first.failure = 40, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": lively()}).dial("")
		c.send(generate("g1", twelveWords, ""))
		if l := c.listen("g1"); len(l.reroutes) != 1 || len(toldIn(l.events)) > 0 {
			t.Errorf("got %d reroutes and words %v", len(l.reroutes), toldIn(l.events))
		}
	})
}
