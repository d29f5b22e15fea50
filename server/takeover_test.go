package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// call is what a client heard of a generation, and how it would have played it.
type call struct {
	events    []event
	done      event
	reroutes  []event
	heard     string
	gap       time.Duration // that playback ran dry, in all
	first     time.Duration // to its first audio
	providers []string      // of the attempts, with their outcomes
}

// listen reads a generation to its end.
func (c *client) listen(id string) call {
	c.t.Helper()
	var l call
	began, dry := time.Now(), time.Time{}
	for l.done == nil {
		e := c.next()
		if e["generation_id"] != id {
			continue
		}
		l.events = append(l.events, e)
		switch e.kind() {
		case "audio":
			if dry.IsZero() {
				dry, l.first = time.Now(), time.Since(began)
			}
			l.gap += max(0, time.Since(dry))
			dry = awake.Later(dry, time.Now()).Add(audio.Duration(int64(e["samples"].(float64)), relaytest.FakeRate))
		case "done":
			l.done = e
		}
	}
	told := summary(c.t, id, l.events)
	l.heard, l.providers, l.reroutes = told.heard, told.providers, told.reroutes
	return l
}

// rehearse has a voice speak often enough for its habits to be known.
func (c *client) rehearse() {
	c.t.Helper()
	for i := range 3 {
		id := fmt.Sprint("rehearsal", i)
		c.send(generate(id, relaytest.TwelveWords, ""))
		if l := c.listen(id); l.heard != relaytest.Letters(relaytest.TwelveWords) || len(l.providers) != 1 {
			c.t.Fatalf("rehearsal: heard %q by %v", l.heard, l.providers)
		}
	}
}

func TestAnotherVoiceSaysTheRest(t *testing.T) {
	dropped := &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
	tests := map[string]struct {
		first  func() *relaytest.FakeProvider
		source string
		most   int // words doubled
	}{
		"times ahead":        {func() *relaytest.FakeProvider { f := relaytest.Lively(); f.Times = relaytest.TimesAhead; return f }, "word_times", 0},
		"times as spoken":    {relaytest.Lively, "word_times", 0},
		"times far too late": {func() *relaytest.FakeProvider { f := relaytest.Lively(); f.Times = relaytest.TimesAfter; return f }, "estimate", 2},
		"piece ends":         {func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsExact) }, "estimate", 2},
		"piece ends counted": {func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsCounted) }, "estimate", 2},
		"nothing":            {func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsNone) }, "estimate", 2},
	}
	for name, test := range tests {
		for _, after := range []int{1, 9, 20, 31, 44, 60, 62} {
			t.Run(fmt.Sprint(name, " after ", after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					first := test.first()
					c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": relaytest.Lively()}).dial("")
					c.rehearse()
					first.Breaks(after, dropped)
					c.send(generate("g1", relaytest.TwelveWords, `,"word_timestamps":true`))
					l := c.listen("g1")
					if l.done["reason"] != "completed" || len(l.reroutes) > 1 {
						t.Fatalf("got %v with %d reroutes", l.done, len(l.reroutes))
					}
					if len(l.reroutes) == 0 {
						if l.heard != relaytest.Letters(relaytest.TwelveWords) {
							t.Errorf("heard %q without a reroute", l.heard)
						}
						return
					}
					r := l.reroutes[0]
					missing, doubled := seamIn(t, relaytest.TwelveWords, l.heard, int(r["resume_char"].(float64)))
					if missing > 0 || doubled > test.most {
						t.Errorf("heard %q: %d words missing, %d doubled; want at most %d doubled", l.heard, missing, doubled, test.most)
					}
					if r["from"] != "alpha" || r["to"] != "beta" || r["reason"] != "dropped" {
						t.Errorf("rerouted: got %v", r)
					}
					if got := r["resume_source"]; got == "estimate" && test.source != "estimate" {
						t.Errorf("resume_source: got %v, want %s", got, test.source)
					}
					checkWords(t, l.events)
				})
			})
		}
	}
}

// checkWords checks that words are told in the order of their times, and only once their audio was sent.
func checkWords(t *testing.T, events []event) {
	t.Helper()
	sent, last := 0.0, 0.0
	for _, e := range events {
		switch e.kind() {
		case "audio":
			sent += e["samples"].(float64) * 1000 / relaytest.FakeRate
		case "timestamps":
			for _, w := range e["words"].([]any) {
				word := w.(map[string]any)
				start, end := word["start_ms"].(float64), word["end_ms"].(float64)
				if start < last || end < start || end > sent {
					t.Errorf("word %v after one from %v ms, with %v ms sent", word, last, sent)
				}
				last = start
			}
		}
	}
}

// A voice that was estimated is followed by one that breaks off in its first word, whose time is known: what the first
// said is not said again.
func TestSecondTakeoverGoesOnWhereTheFirstBegan(t *testing.T) {
	dropped := &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
	for _, ends := range []upstream.PieceEnds{upstream.PieceEndsExact, upstream.PieceEndsNone} {
		for _, again := range []int{2, 7, 15} {
			t.Run(fmt.Sprint(ends, " then after ", again), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					first, second := relaytest.Deaf(ends), relaytest.Lively()
					first.FailAt, first.Failure = 44, dropped
					second.FailAt, second.Failure, second.Times = again, dropped, relaytest.TimesAhead
					c := newRig(t, Config{}, []string{"alpha", "beta", "gamma"}, fakes{"alpha": first, "beta": second, "gamma": relaytest.Lively()}).dial("")
					c.send(generate("g1", relaytest.TwelveWords, ""))
					l := c.listen("g1")
					if len(l.reroutes) != 2 {
						t.Fatalf("reroutes: got %d, want 2", len(l.reroutes))
					}
					from, to := l.reroutes[0]["resume_char"].(float64), l.reroutes[1]["resume_char"].(float64)
					if to < from {
						t.Errorf("the second takeover begins at %v, before the first at %v", to, from)
					}
					if want := relaytest.Letters(relaytest.TwelveWords[int(to):]); l.heard[len(l.heard)-len(want):] != want {
						t.Errorf("heard %q, want it to end with %q", l.heard, want)
					}
				})
			})
		}
	}
}

// Pieces that a vendor took without marking their ends count as ended once another vendor goes on.
func TestTakeoverOfSeveralUnmarkedPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := "Alpha one is said. Beta two is said. Gamma three is said. Delta four is said. Epsilon five is said. Zeta six is said. Eta seven is said."
		dropped := &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		first, second := relaytest.Deaf(upstream.PieceEndsNone), relaytest.Deaf(upstream.PieceEndsNone)
		first.FailAt, first.Failure = 90, dropped
		second.FailAt, second.Failure = 20, dropped
		pace := routing.DefaultPace()
		pace.MaxPartialLength = 40
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta", "gamma"}, fakes{"alpha": first, "beta": second, "gamma": relaytest.Lively()}).dial("")
		c.send(generate("g1", long, ""))
		l := c.listen("g1")
		if len(l.reroutes) != 2 || l.done["reason"] != "completed" {
			t.Fatalf("got %v with %d reroutes", l.done["reason"], len(l.reroutes))
		}
		from, to := l.reroutes[0]["resume_char"].(float64), l.reroutes[1]["resume_char"].(float64)
		if from < 40 || to < from {
			t.Errorf("resumed at %v, then at %v", from, to)
		}
	})
}
