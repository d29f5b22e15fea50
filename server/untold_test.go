package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/text"
	"voicerelay/upstream"
)

// Whichever voice spoke a word, and however late its vendor would have sent its time: the client is told of each word once, in order,
// and of those that were heard before another voice took over before that one's.
func TestWordsHeardBeforeATakeoverAreTold(t *testing.T) {
	dropped := &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
	never := func() *relaytest.FakeProvider { f := relaytest.Lively(); f.Times = relaytest.TimesNever; return f }
	for name, first := range map[string]func() *relaytest.FakeProvider{
		"times far too late": func() *relaytest.FakeProvider { f := relaytest.Lively(); f.Times = relaytest.TimesAfter; return f },
		"times never":        never,
		"times as spoken":    relaytest.Lively,
		"times ahead":        func() *relaytest.FakeProvider { f := relaytest.Lively(); f.Times = relaytest.TimesAhead; return f },
		"times of nonsense": func() *relaytest.FakeProvider {
			f := relaytest.Lively()
			f.Distort = func(w *upstream.Word) { w.Start, w.End = w.End, w.Start }
			return f
		},
		"no times":                func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsExact) },
		"no times, no piece ends": func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsNone) },
	} {
		for _, heard := range []bool{false, true} {
			for _, after := range []int{9, 20, 31, 44, 60} {
				for _, stalls := range []bool{false, true} {
					t.Run(fmt.Sprint(name, " heard ", heard, " after ", after, " stalls ", stalls), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							first := first()
							c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": relaytest.Lively()}).dial("")
							if heard {
								c.rehearse()
							}
							if stalls {
								first.StallAt = after
							} else {
								first.Breaks(after, dropped)
							}
							c.send(generate("g1", relaytest.TwelveWords, `,"word_timestamps":true`))
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
	want, told := text.Tokens(relaytest.TwelveWords, 0), toldIn(l.events)
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
		said := time.Duration(want[i].Start) * relaytest.CharLength
		before := w.char < int(l.reroutes[0]["resume_char"].(float64))
		switch {
		case w.source == "provider" && w.off != 0, w.source == "estimate" && w.off == 0:
			t.Errorf("%q by %s is off by %v", w.word, w.source, w.off)
		case before && (w.start-said).Abs() > w.off+2*relaytest.CharLength:
			t.Errorf("%q is told to begin at %v, within %v, and does at %v", w.word, w.start, w.off, said)
		}
	}
}

// Without being asked for, no word is told.
func TestUntoldWordsNeedWordTimestamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := relaytest.Deaf(upstream.PieceEndsExact)
		first.FailAt, first.Failure = 40, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": relaytest.Lively()}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		if l := c.listen("g1"); len(l.reroutes) != 1 || len(toldIn(l.events)) > 0 {
			t.Errorf("got %d reroutes and words %v", len(l.reroutes), toldIn(l.events))
		}
	})
}
