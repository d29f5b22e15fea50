package deepgram

import (
	"strings"
	"testing"

	"voicerelay/downstream/downstreamtest"
)

// A word whose pronunciation stands in the text is spoken as it is written, however the text is cut into pieces.
func TestPronunciationsAreLeftOut(t *testing.T) {
	for text, want := range map[string]string{
		`Take \{"word": "dupilumab", "pronounce": "duːpˈɪljuːmæb"\} now.`:   "Take dupilumab now.",
		`\{"word":"A","pronounce":"a"\}\{"word": "B", "pronounce": "b"\} C`: "AB C",
		`A pause: \{"pause": "500ms"\} it was.`:                             "A pause:  it was.",
		`Not \{ this \}, nor {"word": "that"}.`:                             `Not \{ this \}, nor {"word": "that"}.`,
		`A backslash \`:                                                     `A backslash \`,
		`C:\dir \ \{"word": "open`:                                          `C:\dir \ \{"word": "open`,
		`\{` + strings.Repeat("long ", 300) + `\{"word":"x"\}`:              `\{` + strings.Repeat("long ", 300) + `x`,
		``: ``,
	} {
		for size := 1; size <= len(text)+1; size++ {
			var c controls
			var got strings.Builder
			for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
				got.WriteString(c.take(rest[:min(size, len(rest))]))
			}
			got.WriteString(c.rest())
			if got.String() != want {
				t.Fatalf("%q in pieces of %d: got %q, want %q", text, size, got.String(), want)
			}
		}
		if got := withoutControls(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestPronunciationsAreLeftOutOfTurns(t *testing.T) {
	for _, path := range []string{pathAura, pathFlux} {
		onSocket(t, path, func(_ *downstreamtest.Relay, s *socket) {
			for word := range strings.SplitAfterSeq(`Say \{"word": "seven", "pronounce": "sɛvən"\} more words for me now. \{"word`, " ") {
				s.speak(word)
			}
			s.order("Flush")
			_, _, pcm := s.until(map[string]string{pathAura: "Flushed", pathFlux: "SpeechMetadata"}[path])
			wantHeard(s.t, pcm, another+"word")
		})
	}
}

// What was held back of a text that was cleared is not spoken.
func TestClearedTextLeavesNothing(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(`Never \{"word": "spoken`)
		s.order("Clear")
		s.until("Cleared")
		s.speak(another)
		s.order("Flush")
		_, _, pcm := s.until("Flushed")
		wantHeard(s.t, pcm, another)
	})
}
