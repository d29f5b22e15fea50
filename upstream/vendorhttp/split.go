package vendorhttp

import (
	"unicode"
	"unicode/utf8"
)

// split is a text in parts of so many characters at most, 0 for any number: cut between words where there is a place, and after
// the last character that fits where a word is longer. There is always one part, and together they have all but the white
// space there and before the first.
func split(text string, most int) []string {
	if most <= 0 || len(text) <= most {
		return []string{text}
	}
	var parts []string
	text = text[spaces(text):]
	for {
		end, next := cut(text, most)
		parts = append(parts, text[:end])
		if next == len(text) {
			return parts
		}
		text = text[next:]
	}
}

// cut is where the first part of a text ends, and where the next one begins; the text's own end where there is no other.
func cut(text string, most int) (end, next int) {
	end, chars, inWord := 0, 0, false
	for i, r := range text {
		if unicode.IsSpace(r) {
			if inWord {
				end = i
			}
			inWord = false
		} else {
			inWord = true
		}
		if chars == most {
			if end == 0 {
				return i, i
			}
			return end, end + spaces(text[end:])
		}
		chars++
	}
	return len(text), len(text)
}

// spaces is how many bytes of white space a text begins with.
func spaces(text string) int {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if !unicode.IsSpace(r) {
			break
		}
		n += size
	}
	return n
}
