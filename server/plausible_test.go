package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// Word times that can't be true say nothing of where a voice broke off, nor does the client get them.
func TestWordTimesThatCannotBeTrueAreNoEvidence(t *testing.T) {
	dropped := &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
	for name, distort := range map[string]func(w *upstream.Word){
		"beyond the audio": func(w *upstream.Word) { w.Start, w.End = w.Start+100*time.Second, w.End+100*time.Second },
		"end before start": func(w *upstream.Word) { w.Start, w.End = w.End, w.Start },
		"without a length": func(w *upstream.Word) { w.End = w.Start },
		"backwards": func(w *upstream.Word) {
			d := w.End - w.Start
			w.Start = max(0, 2*time.Second-w.Start)
			w.End = w.Start + d
		},
		"a thousandth":     func(w *upstream.Word) { w.Start, w.End = w.Start/1000, w.End/1000 },
		"a thousand times": func(w *upstream.Word) { w.Start, w.End = w.Start*1000, w.End*1000 },
		"all at once":      func(w *upstream.Word) { w.Start, w.End = 0, 0 },
		"one far beyond":   func(w *upstream.Word) { w.End += time.Hour },
		"a hole in the text": func(w *upstream.Word) {
			if w.Start > time.Second {
				w.Start, w.End = w.Start+4*time.Second, w.End+4*time.Second
			}
		},
	} {
		for _, times := range []relaytest.FakeTimes{relaytest.TimesAhead, relaytest.TimesSpoken} {
			for _, after := range []int{20, 31, 44} {
				t.Run(fmt.Sprint(name, " ", times, " after ", after), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						first := relaytest.Lively()
						first.Distort, first.Times = distort, times
						c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": relaytest.Lively()}).dial("")
						c.rehearse()
						first.Breaks(after, dropped)
						c.send(generate("g1", relaytest.TwelveWords, `,"word_timestamps":true`))
						l := c.listen("g1")
						if len(l.reroutes) != 1 {
							t.Fatalf("got %v with %d reroutes", l.done, len(l.reroutes))
						}
						r := l.reroutes[0]
						missing, doubled := seamIn(t, relaytest.TwelveWords, l.heard, int(r["resume_char"].(float64)))
						if missing > 0 || doubled > 2 {
							t.Errorf("heard %q: %d words missing, %d doubled", l.heard, missing, doubled)
						}
						checkWords(t, l.events)
						for _, w := range toldIn(l.events) {
							if w.char < int(r["resume_char"].(float64)) && w.end-w.start < 2*relaytest.CharLength {
								t.Errorf("told that %q takes %v", w.word, w.end-w.start)
							}
						}
					})
				})
			}
		}
	}
}

// toldWord is a word as a client was told of it.
type toldWord struct {
	word       string
	char       int // where it begins
	start, end time.Duration
	source     string
	off        time.Duration // 0: none was told
}

// toldIn are the words of timestamps.
func toldIn(events []event) (words []toldWord) {
	for _, e := range events {
		if e.kind() != "timestamps" {
			continue
		}
		off, _ := e["error_ms"].(float64)
		for _, w := range e["words"].([]any) {
			word := w.(map[string]any)
			ms := func(key string) time.Duration { return time.Duration(word[key].(float64)) * time.Millisecond }
			words = append(words, toldWord{
				word: word["word"].(string), char: int(word["char_start"].(float64)),
				start: ms("start_ms"), end: ms("end_ms"), source: e["source"].(string),
				off: time.Duration(off) * time.Millisecond,
			})
		}
	}
	return words
}
