package assemblyai

import (
	"strings"
	"unicode"
)

const (
	// longestText is the most characters that the vendor takes in a Generate (AssemblyAI documentation, limits). So many bytes are
	// never more.
	longestText = 2000
	// longestRun is how many characters may follow each other that can't be spoken: the vendor refuses a text with some 60 of
	// them, and the client that LiveKit has of it breaks them at this length.
	longestRun = 40
)

// breakRuns is the text with spaces in long runs of characters that can't be spoken, such as a line of dashes.
func breakRuns(text string) string {
	var b strings.Builder
	run, copied := 0, 0
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || unicode.IsSpace(r) {
			run = 0
			continue
		}
		if run == longestRun {
			b.WriteString(text[copied:i])
			b.WriteByte(' ')
			run, copied = 0, i
		}
		run++
	}
	if copied == 0 {
		return text // nearly always
	}
	b.WriteString(text[copied:])
	return b.String()
}
