package text

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const (
	openSpell  = "<spell>"
	closeSpell = "</spell>"
)

// stretch says what a part of a text is.
type stretch int

const (
	plainText stretch = iota
	tagText
	spellText
)

// spellBody yields the letters from at on and their closing tag, and returns where that ends.
func spellBody(s string, at int, yield func(from, to int, kind stretch)) int {
	n := strings.Index(s[at:], closeSpell)
	if n < 0 {
		yield(at, len(s), spellText)
		return len(s)
	}
	yield(at, at+n, spellText)
	yield(at+n, at+n+len(closeSpell), tagText)
	return at + n + len(closeSpell)
}

// letters calls yield for each grapheme cluster of a region's letters that isn't whitespace.
func letters(s string, yield func(from, to int)) {
	clusters := graphemes.FromString(s)
	for clusters.Next() {
		if strings.TrimSpace(clusters.Value()) != "" {
			yield(clusters.Start(), clusters.End())
		}
	}
}

// apartWidth is the number of code points of letters written apart, with a space around each.
func apartWidth(s string) int {
	width := 0
	letters(s, func(from, to int) { width += utf8.RuneCountInString(s[from:to]) + 1 })
	return width + 1
}
