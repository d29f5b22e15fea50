package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Spoken is a word as a vendor spoke it: perhaps normalised, perhaps one of several for a word of the client's. Times are
// on any clock of the caller's.
type Spoken struct {
	Text       string
	Start, End int64
	Score      float64 // the vendor's confidence, where it has one
}

// entry is a token with its key. Two words are equal when their keys are; an empty key equals none.
type entry struct {
	token Token
	key   string
}

type spokenEntry struct {
	word Spoken
	key  string
}

// link says that tokens and spoken words are equal: one and one, or one of either and several of the other ("10:30" and
// "10 30", "well known" and "well-known").
type link struct {
	token, spoken   int // where it begins
	tokens, spokens int // how many it takes
}

// linkBefore returns the link that ends with the last of both.
func linkBefore(tokens []entry, spoken []spokenEntry) (link, bool) {
	token, word := tokens[len(tokens)-1].key, spoken[len(spoken)-1].key
	switch {
	case token == "" || word == "":
		return link{}, false
	case token == word:
		return link{tokens: 1, spokens: 1}, true
	case len(token) < len(word):
		n := tail(word, len(tokens), func(i int) string { return tokens[i].key })
		return link{tokens: n, spokens: 1}, n > 0
	}
	n := tail(token, len(spoken), func(i int) string { return spoken[i].key })
	return link{tokens: 1, spokens: n}, n > 0
}

// tail returns how many of the last of n keys make up the whole, or 0.
func tail(whole string, n int, key func(int) string) int {
	for i := n - 1; i >= 0; i-- {
		k := key(i)
		if k == "" || !strings.HasSuffix(whole, k) {
			return 0
		}
		if whole = whole[:len(whole)-len(k)]; whole == "" {
			return n - i
		}
	}
	return 0
}

// maxTable bounds the table for anchors within a block, in cells; a larger block, in which nothing was equal for long, maps as
// a whole.
const maxTable = 1 << 18

// inner finds the links between tokens and spoken words, in order, that have the most letters in common.
func inner(tokens []entry, spoken []spokenEntry) []link {
	rows, columns := len(tokens)+1, len(spoken)+1
	if rows == 1 || columns == 1 || rows*columns > maxTable {
		return nil
	}
	type cell struct {
		score int
		link  link // what ends here; none where a token or a spoken word is passed over
	}
	table := make([]cell, rows*columns)
	for t := 1; t < rows; t++ {
		for s := 1; s < columns; s++ {
			best := cell{score: table[(t-1)*columns+s].score}
			best.score = max(best.score, table[t*columns+s-1].score)
			if l, ok := linkBefore(tokens[:t], spoken[:s]); ok {
				l.token, l.spoken = t-l.tokens, s-l.spokens
				score := table[l.token*columns+l.spoken].score + weight(tokens[l.token:t])
				if score > best.score {
					best = cell{score: score, link: l}
				}
			}
			table[t*columns+s] = best
		}
	}
	var links []link
	for t, s := rows-1, columns-1; t > 0 && s > 0; {
		c := table[t*columns+s]
		switch {
		case c.link.tokens > 0:
			links = append(links, c.link)
			t, s = c.link.token, c.link.spoken
		case c.score == table[(t-1)*columns+s].score:
			t--
		default:
			s--
		}
	}
	slices.Reverse(links)
	return links
}

// weight makes a long word worth more than several short ones that are equal by chance.
func weight(tokens []entry) int {
	n := 0
	for _, t := range tokens {
		n += utf8.RuneCountInString(t.key) + 1
	}
	return n
}
