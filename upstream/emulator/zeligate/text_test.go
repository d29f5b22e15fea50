package zeligate

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestZeligateCuts(t *testing.T) {
	const usual = 120
	trigger, flush := "<trigger>", "<flush>" // among the texts
	tests := map[string]struct {
		schedule []int
		texts    []string
		want     []string
	}{
		"short sentence":               {[]int{usual}, []string{"Hi. ", "And "}, []string{"Hi."}},
		"end not sure yet":             {[]int{usual}, []string{"Pi is 3.", "14"}, nil},
		"end sure by what follows":     {[]int{usual}, []string{"It is 3.", " So"}, []string{"It is 3."}},
		"several in one text":          {[]int{usual}, []string{"One. Two! Three? Four"}, []string{"One.", "Two!", "Three?"}},
		"full-width stop needs none":   {[]int{usual}, []string{"你好。再见"}, []string{"你好。"}},
		"schedule":                     {[]int{10, 20}, []string{"some words without ", "any mark "}, []string{"some words without"}},
		"last step repeats":            {[]int{4, 8}, []string{"abcd ", "efgh ", "ijkl ", "mnop ", "qrst ", ""}, []string{"abcd", "efgh ijkl", "mnop qrst"}},
		"no word is cut":               {[]int{5}, []string{"hello wor", "ld "}, []string{"hello", "world"}},
		"one word is all there is":     {[]int{5}, []string{"helloworld"}, nil},
		"sentences count as steps":     {[]int{4, usual}, []string{"Hi. ", "abcd efgh "}, []string{"Hi."}},
		"trigger":                      {[]int{usual}, []string{"some words", trigger, " more "}, []string{"some"}},
		"trigger waits for a boundary": {[]int{usual}, []string{trigger, "word", "word "}, []string{"wordword"}},
		"trigger is once":              {[]int{usual}, []string{trigger, "one ", "two "}, []string{"one"}},
		"flush":                        {[]int{usual}, []string{"some wor", flush, "ds "}, []string{"some wor"}},
		"flush of nothing":             {[]int{usual}, []string{"Hi. ", flush, "  ", flush}, []string{"Hi."}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := text{schedule: tt.schedule, minimum: 1}
			var got []string
			for _, s := range tt.texts {
				switch s {
				case trigger:
					text.trigger = true
					got = append(got, text.add("")...)
				case flush:
					if chunk := text.flush(); chunk != "" {
						got = append(got, chunk)
					}
				default:
					got = append(got, text.add(s)...)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A trigger needs as many characters as the server asks for.
func TestZeligateTriggerMinimum(t *testing.T) {
	text := text{schedule: []int{120}, minimum: 50, trigger: true}
	if got := text.add("too few characters "); got != nil {
		t.Errorf("got %q, want none", got)
	}
	want := []string{"too few characters are enough when their friends have come"}
	if got := text.add("are enough when their friends have come "); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever comes in whatever parts, all of it is spoken once and in order, and no chunk is empty.
func TestZeligateSpeaksAllTextOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.StringOf(rapid.RuneFrom([]rune("ab ,.!。\n7é")))).Draw(t, "texts")
		text := text{schedule: rapid.SliceOfN(rapid.IntRange(1, 30), 1, 4).Draw(t, "schedule"), minimum: 1}
		var chunks []string
		for _, s := range texts {
			text.trigger = rapid.Bool().Draw(t, "trigger")
			chunks = append(chunks, text.add(s)...)
		}
		for _, chunk := range chunks {
			if chunk != strings.TrimSpace(chunk) || chunk == "" {
				t.Fatalf("got chunk %q", chunk)
			}
		}
		got := strings.Join(append(chunks, text.flush()), "")
		if want := strings.Join(texts, ""); bare(got) != bare(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// Without a mark, no chunk is shorter than the schedule's step, nor does it end within a word.
func TestZeligateScheduleHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-z]{1,9} `)).Draw(t, "words")
		text := text{schedule: rapid.SliceOfN(rapid.IntRange(1, 30), 1, 4).Draw(t, "schedule"), minimum: 1}
		var chunks []string
		for _, word := range words {
			chunks = append(chunks, text.add(word)...)
		}
		for i, chunk := range chunks {
			if due := text.schedule[min(i, len(text.schedule)-1)]; len(chunk) < due {
				t.Fatalf("%q has %d characters, want %d", chunk, len(chunk), due)
			}
		}
		got := strings.Fields(strings.Join(append(chunks, text.flush()), " "))
		if want := strings.Fields(strings.Join(words, "")); !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// bare is a text without its white space.
func bare(text string) string { return strings.Join(strings.Fields(text), "") }
