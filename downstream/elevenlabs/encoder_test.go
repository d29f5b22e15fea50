package elevenlabs

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/relay"
	"voicerelay/relay/refusals"
	"voicerelay/relay/relaytest"
)

var completed = relay.Result{Reason: relay.Completed}

// What goes around a frame's audio allocates nothing.
func TestEncodersAllocateNothingPerFrame(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	room := make([]byte, 0, 1024)
	id := "c0ffee00-1234-5678-9abc-def012345678"
	for name, e := range map[string]relay.Encoder{"context": newEncoder(&id, false), "single": newEncoder(nil, false), "line": &lineEncoder{}, "whole": &wholeEncoder{}} {
		f := relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
		if got := testing.AllocsPerRun(100, func() { room = e.AppendTail(e.AppendHead(room[:0], f), f) }); got > 0 {
			t.Errorf("%s: a frame allocates %v times", name, got)
		}
	}
	e := newEncoder(&id, false)
	e.transcript.add(strings.Repeat("Hello ", 1000))
	at := 0
	if got := testing.AllocsPerRun(100, func() {
		e.Words(relay.Words{Words: []relay.Word{{Text: "Hello", CharStart: at, CharEnd: at + 5}}})
		at += 6
	}); got > 4 {
		t.Errorf("a word allocates %v times, want at most 4", got)
	}
}

// What goes around a frame costs no more than in the relay's own protocol.
func BenchmarkFrame(b *testing.B) {
	id := "c0ffee00-1234-5678-9abc-def012345678"
	f, room := relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}, make([]byte, 0, 1024)
	b.Run("elevenlabs", func(b *testing.B) {
		e := newEncoder(&id, false)
		for b.Loop() {
			room = e.AppendTail(e.AppendHead(room[:0], f), f)
		}
	})
	b.Run("native", func(b *testing.B) {
		head := protocol.Audio{GenerationID: id, Seq: f.Seq, StartMS: uint32(f.Start.Milliseconds()), Samples: uint32(f.Samples)}
		for b.Loop() {
			room = protocol.AppendAudioTail(protocol.AppendAudioHead(room[:0], head))
		}
	})
}

// word is a word of a text, with its times in milliseconds.
func word(text, w string, start, end int) relay.Word {
	at := len([]rune(text[:strings.Index(text, w)]))
	return relay.Word{
		Text: w, CharStart: at, CharEnd: at + len([]rune(w)),
		Start: time.Duration(start) * time.Millisecond, End: time.Duration(end) * time.Millisecond,
	}
}

// The characters are the client's own, with a space after each word that has one.
func TestCharactersAreTheClientsOwn(t *testing.T) {
	for name, tt := range map[string]struct {
		text, words, want string
	}{
		"punctuation":          {`"Hello," he said… (again).`, `Hello he said again`, `"Hello," he said… (again). `},
		"dashes":               {`one – two — three`, `one two three`, `one – two — three `},
		"several spaces":       {"  one \n\n two\tthree  ", `one two three`, `one two three `},
		"no space":             {`yes/no and/or`, `yes no and or`, `yes/no and/or `},
		"Chinese":              {`你好，世界。`, `你 好 世 界`, `你好，世界。 `},
		"tags":                 {`one <break time="1s"/> two<break time="1s"/>three.`, `one two three`, `one two three. `},
		"what is less":         {`a < b and 3<5`, `a b and 3 5`, `a < b and 3<5 `},
		"escapes":              {`"a" \b ` + "\u0001c", `a b c`, `"a" \b ` + "\u0001c "},
		"beyond the plane":     {`one 😀 two 😀`, `one two`, `one 😀 two `},
		"a word that is later": {`one two three`, `two three`, `one two three `},
	} {
		id := "c"
		e := newEncoder(&id, false)
		e.transcript.add(tt.text)
		var got, normal string
		at, rest := 0, tt.text
		for i, w := range strings.Fields(tt.words) {
			from := strings.Index(rest, w)
			start := at + len([]rune(rest[:from]))
			timed := relay.Word{
				Text: w, CharStart: start, CharEnd: start + len([]rune(w)),
				Start: time.Duration(100*i) * time.Millisecond, End: time.Duration(100*i+80) * time.Millisecond,
			}
			at, rest = start+len([]rune(w)), rest[from+len(w):]
			var h heard
			if err := json.Unmarshal(e.Words(relay.Words{Words: []relay.Word{timed}}), &h); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got += strings.Join(h.Alignment.Chars, "")
			normal += strings.Join(h.NormalizedAlignment.Chars, "")
		}
		if got != tt.want || normal != " "+tt.want {
			t.Errorf("%s: got %q and %q, want %q", name, got, normal, tt.want)
		}
	}
}

// A failure that comes after all else was said is told with the final frame.
func TestFinalFrameTellsAFailureThatWasNotTold(t *testing.T) {
	failed := relay.Result{Reason: relay.Failed, Err: &refusals.Error{Code: refusals.CodeInternal, Message: "a fault"}}
	id := "c"
	for told, want := range map[bool]string{false: "internal_error", true: ""} {
		e := newEncoder(&id, false)
		e.told = told
		var h heard
		if err := json.Unmarshal(e.Ended(failed), &h); err != nil || !h.IsFinal || h.ContextID == nil || h.Error != want {
			t.Errorf("told %v: %s, %v", told, e.Ended(failed), err)
		}
	}
}

// from is an alignment without its first characters.
func (a *aligned) from(n int) *aligned {
	return &aligned{a.Chars[n:], a.CharStartTimesMs[n:], a.CharDurationsMs[n:]}
}

// The two alignments have two clocks, which agree.
func TestTwoClocks(t *testing.T) {
	const text = "One two, three."
	for name, steady := range map[string]bool{"as Pipecat reads them": false, "as LiveKit reads them": true} {
		id := "c"
		e := newEncoder(&id, steady)
		e.transcript.add(text)
		var clock, last int64
		for i, ws := range [][]relay.Word{
			{word(text, "One", 0, 300)},
			{word(text, "two", 450, 700), word(text, "three", 700, 1201)},
		} {
			var h heard
			if err := json.Unmarshal(e.Words(relay.Words{Words: ws}), &h); err != nil {
				t.Fatal(err)
			}
			a, n := h.Alignment, h.NormalizedAlignment
			if i == 0 {
				if n.Chars[0] != " " || n.CharStartTimesMs[0] != 1 {
					t.Errorf("%s: it begins with %q at %d, want a space at 1", name, n.Chars[0], n.CharStartTimesMs[0])
				}
				n = n.from(1)
				if steady {
					a = a.from(1)
				}
			}
			for j := range a.Chars {
				if utf := []rune(a.Chars[j]); len(utf) != 1 {
					t.Errorf("%q is no character", a.Chars[j])
				}
				start := clock + a.CharStartTimesMs[j]
				if diff := start - n.CharStartTimesMs[j]; diff < -1 || diff > 0 {
					t.Errorf("%s: message %d, character %d begins at %d and at %d", name, i, j, start, n.CharStartTimesMs[j])
				}
				if start < last {
					t.Errorf("%s: message %d, character %d begins at %d after one that ends at %d", name, i, j, start, last)
				}
				last = start + a.CharDurationsMs[j]
			}
			if end := len(a.Chars) - 1; !steady {
				clock += a.CharStartTimesMs[end] + a.CharDurationsMs[end]
			}
		}
		if last != 1201 {
			t.Errorf("%s: the last character ends at %d, want 1201", name, last)
		}
	}
}

// Times never go back, and a word is told once.
func TestTimesNeverGoBack(t *testing.T) {
	const text = "One two three."
	e := &lineEncoder{}
	e.transcript.add(text)
	var ends []int64
	for _, w := range []relay.Word{word(text, "One", 0, 300), word(text, "two", 250, 280), word(text, "two", 300, 400), word(text, "three", 900, 800)} {
		chars := e.add([]relay.Word{w})
		e.close(chars)
		for _, c := range chars {
			ends = append(ends, c.start, c.end)
		}
	}
	for i := 1; i < len(ends); i++ {
		if ends[i] < ends[i-1] {
			t.Errorf("the times are %v", ends)
			break
		}
	}
	if got := len(ends) / 2; got != len(text)+1 {
		t.Errorf("%d characters are told, want %d", got, len(text)+1)
	}
}
