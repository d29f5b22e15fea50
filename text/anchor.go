package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// link says that tokens and spoken words are equal: one and one, or one of either and several of the other ("10:30" and
// "10 30", "well known" and "well-known").
type link struct {
	token, spoken   int // where it begins
	tokens, spokens int // how many it takes
}

const (
	// reach is how many tokens more than spoken words may lie before an anchor: what a vendor may leave out at once.
	reach = 32
	// sure is the length from which one equal word, where there is no second, is no chance: shorter ones are "and" and "two".
	sure = 4
)

// anchor looks for the waiting words' last one among the tokens to come: the nearest that can hardly be chance. It returns a
// chain of links that ends with it, last one first.
func (a *Aligner) anchor() ([]link, bool) {
	for end := a.next + 1; end <= min(len(a.tokens), a.next+len(a.waiting)+reach); end++ {
		if chain := a.chain(end); len(chain) > 0 && a.certain(chain) {
			return chain, true
		}
	}
	return nil, false
}

// chain is the longest chain of links back from a token's end and the last waiting word.
func (a *Aligner) chain(token int) []link {
	var chain []link
	for spoken := len(a.waiting); spoken > 0 && token > a.next; {
		l, ok := linkBefore(a.tokens[a.next:token], a.waiting[:spoken])
		if !ok {
			break
		}
		token -= l.tokens
		spoken -= l.spokens
		l.token, l.spoken = token, spoken
		chain = append(chain, l)
	}
	return chain
}

// certain reports whether a chain can hardly be chance, by its length and by how much it would pass over.
func (a *Aligner) certain(chain []link) bool {
	first := chain[len(chain)-1]
	tokens, spoken := first.token-a.next, first.spoken
	switch {
	case tokens == 0 || len(chain) >= 3:
		return true
	case len(chain) == 2:
		return tokens <= spoken+3
	}
	return tokens <= spoken && a.distinctive(first)
}

// distinctive reports whether a link's word is long, and comes once in what is to come and what waits.
func (a *Aligner) distinctive(l link) bool {
	key := a.waiting[l.spoken].key
	if l.tokens != 1 || l.spokens != 1 || utf8.RuneCountInString(key) < sure {
		return false
	}
	for i, t := range a.tokens[a.next:] {
		if t.key == key && a.next+i != l.token {
			return false
		}
	}
	for _, w := range a.waiting[:l.spoken] {
		if w.key == key {
			return false
		}
	}
	return true
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
