package downstream

import (
	"slices"
	"testing"

	"voicerelay/relay"
	"voicerelay/text"
)

// Words are told as they are written: each mark beside a word once, with that word.
func TestWordsAreToldAsTheyAreWritten(t *testing.T) {
	for written, want := range map[string][]string{
		`He said: "Well, (perhaps) not!" And left...`: {"He", "said:", `"Well,`, "(perhaps)", `not!"`, "And", "left..."},
		"It's 5,000 euros – or more":                  {"It's", "5,000", "euros", "or", "more"},
	} {
		var s Script
		for _, half := range []string{written[:3], written[3:]} {
			s.Append(half)
		}
		var got []string
		for _, w := range text.Tokens(written, 0) {
			got = append(got, s.Written(relay.Word{Text: w.Text, CharStart: w.Start, CharEnd: w.End}))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", written, got, want)
		}
	}
	var empty Script
	if got := empty.Written(relay.Word{Text: "word", CharStart: 3, CharEnd: 7}); got != "word" {
		t.Errorf("a word beyond the text: got %q", got)
	}
}
