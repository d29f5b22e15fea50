package assemblyai

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// longestText is the most characters that the vendor takes in a Generate (AssemblyAI documentation, limits).
	longestText = 2000
	// longestRun is how many characters may follow each other that can't be spoken: the vendor refuses a text with some 60 of
	// them, and the client that LiveKit has of it breaks them at this length.
	longestRun = 40
)

// parts are a text in pieces that the vendor takes, cut after the last space that there is. One that is empty has one part.
func parts(text string) []string {
	text = breakRuns(text)
	var all []string
	for {
		end := prefix(text, longestText)
		if end == len(text) {
			return append(all, text)
		}
		if space := strings.LastIndexFunc(text[:end], unicode.IsSpace); space > 0 {
			_, size := utf8.DecodeRuneInString(text[space:])
			end = space + size
		}
		all = append(all, text[:end])
		text = text[end:]
	}
}

// prefix is how many bytes the first n characters take, or all where there are fewer.
func prefix(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

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
