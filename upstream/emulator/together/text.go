package together

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// join adds a text to a buffer.
// The guide's samples append texts without a space at their end, and do not say what the server makes of it.
func (q quirks) join(buffer, text string) string {
	last, _ := utf8.DecodeLastRuneInString(buffer)
	first, _ := utf8.DecodeRuneInString(text)
	if q.joinsWithSpace && buffer != "" && text != "" && !unicode.IsSpace(last) && !unicode.IsSpace(first) {
		return buffer + " " + text
	}
	return buffer + text
}

// appended cuts off a buffer what is spoken without a commit.
// "immediate" speaks each text as it comes, "never" waits for a commit (guide).
func (q quirks) appended(buffer string, s settings) (items []string, rest string) {
	switch s.segment {
	case "immediate":
		return []string{buffer}, ""
	case "sentence":
		items, buffer = sentences(buffer)
	case "never":
		if !q.partialAlways {
			return nil, buffer
		}
	}
	parts, rest := forced(buffer, s.partial)
	return append(items, parts...), rest
}

// committed is the items that a commit makes of a buffer.
// A benchmark that was written against the service saw a commit of two sentences answered by two items.
func (q quirks) committed(buffer string, s settings) []string {
	if s.segment != "sentence" && !q.splitsCommits {
		return []string{buffer}
	}
	items, rest := sentences(buffer)
	if strings.TrimSpace(rest) != "" {
		items = append(items, rest)
	}
	return items
}

// sentences cuts off the sentences that are whole: their mark is followed by white space, or by nothing yet.
func sentences(text string) (whole []string, rest string) {
	start := 0
	for i := 0; i < len(text); i++ {
		if !strings.ContainsRune(".!?", rune(text[i])) || (i+1 < len(text) && !strings.ContainsRune(" \t\r\n", rune(text[i+1]))) {
			continue
		}
		whole = append(whole, text[start:i+1])
		start = i + 1
	}
	return whole, text[start:]
}

// forced cuts off what has got too long for its end to be waited for: as many whole words as most characters hold, or
// a part of a word that is longer.
// The reference: text without punctuation is spoken once it has max_partial_length characters.
func forced(text string, most int) (parts []string, rest string) {
	runes := []rune(text)
	for len(runes) > most {
		n := most
		for n > 0 && !unicode.IsSpace(runes[n]) {
			n--
		}
		if strings.TrimSpace(string(runes[:n])) == "" {
			n = most
		}
		parts = append(parts, string(runes[:n]))
		runes = runes[n:]
	}
	return parts, string(runes)
}
