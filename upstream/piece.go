package upstream

import (
	"strings"
	"unicode/utf8"
)

// A Piece is text that a vendor is to speak at once: sending it includes the order to speak it.
type Piece struct {
	// ID counts the pieces of an attempt from 0.
	ID int
	// Text is what the vendor gets. It has a letter or digit to speak, except that a last piece may be
	// empty where the text's end became known only after the last words had been sent.
	Text string
	// More says that another piece follows at once: the text does not pause here.
	More bool
	// Last says that no more text comes.
	Last bool
}

// Parts cuts a text for a vendor that takes so many bytes at once: after a sentence if one ends in the second half of what
// fits, else after a space, else between characters. Together they are the text.
func Parts(text string, most int) []string {
	var parts []string
	for len(text) > most {
		at := cut(text[:most])
		parts = append(parts, text[:at])
		text = text[at:]
	}
	return append(parts, text)
}

// cut is where a text that goes on is best cut; most is not less than a character's length.
func cut(text string) int {
	for at := len(text) - 1; at > len(text)/2; at-- {
		if text[at] == ' ' && strings.IndexByte(".!?", text[at-1]) >= 0 {
			return at + 1
		}
	}
	if at := strings.LastIndexByte(text, ' '); at > 0 {
		return at + 1
	}
	at := len(text)
	for n := 1; n < utf8.UTFMax && n < at; n++ {
		if utf8.RuneStart(text[at-n]) {
			if !utf8.FullRuneInString(text[at-n:]) {
				at -= n
			}
			break
		}
	}
	return at
}
