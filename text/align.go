package text

import "unicode/utf8"

// Timed is a word of the client's text with its times. Its offsets in the text are Token.Start and Token.End.
type Timed struct {
	Token
	Start, End int64
	Score      float64 // the lowest of the spoken words that make it up
}

// Aligner maps the spoken words of one piece back to its tokens, as they come.
//
// Words that are equal but for case, marks and punctuation are anchors. What lies between two anchors is one block: each
// of its tokens has the whole block's times, and so counts as heard when all of the block is. An anchor that comes
// next is taken at once; one further on only when it can hardly be chance, since a token that is taken to be heard too early is
// lost at a takeover. Spoken words are judged one after the other, so how they are grouped changes nothing.
type Aligner struct {
	tokens []entry
	next   int // the first token not given yet

	waiting []spokenEntry // spoken after the last anchor
	clock   int64         // the end of what was given
	started bool          // a word has come: clock is valid
	left    allowance     // of what may be spoken still
}

// NewAligner returns an aligner for the words of p.
func NewAligner(p Piece) *Aligner {
	tokens := p.Tokens()
	a := &Aligner{tokens: make([]entry, len(tokens)), left: allowed(tokens)}
	for i, t := range tokens {
		a.tokens[i] = entry{token: t, key: keyOf(t.Text)}
	}
	return a
}

// Allow counts a word that is told of the piece, and reports whether it can be spoken as so many. A caller who adds none
// after false bounds what is kept.
func (a *Aligner) Allow(word string) bool { return a.left.take(word) }

// Add takes the next spoken words and returns the tokens whose times are known now, in order.
func (a *Aligner) Add(ws []Spoken) []Timed {
	var out []Timed
	for _, w := range ws {
		if !a.started {
			a.started, a.clock = true, w.Start
		}
		if a.next == len(a.tokens) {
			break // spoken though it is not in the text
		}
		a.waiting = append(a.waiting, spokenEntry{word: w, key: keyOf(w.Text)})
		if chain, ok := a.anchor(); ok {
			out = a.resolve(out, chain)
		}
	}
	return out
}

// Finish says that the piece's speech has ended, and returns its other tokens: all of them, if any word of the piece was
// spoken, else none.
func (a *Aligner) Finish() []Timed {
	if !a.started {
		return nil
	}
	out := a.block(nil, len(a.tokens), len(a.waiting))
	a.waiting = nil
	return out
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

// resolve gives the tokens up to the end of a chain of anchors.
func (a *Aligner) resolve(out []Timed, chain []link) []Timed {
	first := chain[len(chain)-1]
	out = a.block(out, first.token, first.spoken)
	for i := len(chain) - 1; i >= 0; i-- {
		out = a.give(out, chain[i].tokens, chain[i].spokens)
	}
	return out
}

// block gives what lies before an anchor: the tokens before the one given, of the waiting words the first n.
// Anchors within are used now, since what they are to be checked against is known.
func (a *Aligner) block(out []Timed, token, n int) []Timed {
	from, at := a.next, 0
	for _, l := range inner(a.tokens[from:token], a.waiting[:n]) {
		out = a.give(out, from+l.token-a.next, l.spoken-at)
		out = a.give(out, l.tokens, l.spokens)
		at = l.spoken + l.spokens
	}
	return a.give(out, token-a.next, n-at)
}

// give gives the next tokens the times of the first spoken waiting words, all of them those of all. Tokens for which nothing
// was spoken have no length; words for which there is no token are dropped.
func (a *Aligner) give(out []Timed, tokens, spoken int) []Timed {
	words := a.waiting[:spoken]
	a.waiting = a.waiting[spoken:]
	if tokens == 0 {
		return out
	}
	start, end, score := a.clock, a.clock, 0.0
	for i, w := range words {
		if i == 0 {
			start, score = max(start, w.word.Start), w.word.Score
		}
		end, score = max(end, start, w.word.End), min(score, w.word.Score)
	}
	a.clock = end
	for _, t := range a.tokens[a.next : a.next+tokens] {
		out = append(out, Timed{Token: t.token, Start: start, End: end, Score: score})
	}
	a.next += tokens
	return out
}
