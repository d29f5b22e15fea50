package logging

import (
	"strconv"
	"strings"
	"unicode"
)

// Printable is a text in one line of what can be printed: names come from clients, ledgers, Redis and other relays, and what
// is no character would speak to the terminal. It is escaped as Go does it, as in \x1b and \n.
func Printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unprintable(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unprintable is also what stands for bytes that are no UTF-8.
func unprintable(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }

// PrintableLines is the same of several lines.
func PrintableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return strings.Join(lines, "\n")
}
