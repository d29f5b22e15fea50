package text

import "unicode"

// A joiner makes tokens of segments: what stands together without a space, as numbers with their signs and units.
type joiner struct {
	segments []segment
	from, to int // the token that next found
}

// next finds the next token.
func (j *joiner) next() bool {
	for j.from = j.to; j.from < len(j.segments); j.from++ {
		core := j.prefix(j.from)
		if core == len(j.segments) || !isWord(j.segments[core].kind) || core > j.from && j.segments[core].kind != wordSegment {
			continue
		}
		j.to = core + 1
		for j.extend() {
		}
		return true
	}
	j.to = j.from
	return false
}

func isWord(k segmentKind) bool { return k == wordSegment || k == ideograph || k == phraseSegment }

// prefix returns where the word begins whose signs may begin at i.
func (j *joiner) prefix(i int) int {
	at := i
	if sign := j.segments[at]; (sign.first == '-' || sign.first == '.') && sign.kind == otherSegment && sign.to == sign.from+1 {
		if i > 0 && !unicode.IsSpace(j.segments[i-1].last) {
			return i
		}
		at++
		if core := j.symbols(at); core == len(j.segments) || !unicode.IsDigit(j.segments[core].first) || core > at && sign.first == '.' {
			return i
		}
	}
	return j.symbols(at)
}

// symbols returns where the run of symbols from i on ends.
func (j *joiner) symbols(i int) int {
	for i < len(j.segments) && j.segments[i].kind == symbolSegment {
		i++
	}
	return i
}

// extend takes what belongs to the token's right, if anything does.
func (j *joiner) extend() bool {
	if j.to == len(j.segments) {
		return false
	}
	last, next := j.segments[j.to-1], j.segments[j.to]
	switch {
	case last.kind == phraseSegment && next.kind == phraseSegment:
		j.to++
	case unicode.IsDigit(last.last) && joinsNumber(next) && j.to+1 < len(j.segments) && unicode.IsDigit(j.segments[j.to+1].first):
		j.to += 2
	case unicode.IsDigit(last.last) && isUnit(next.first), isUnit(last.last) && unicode.IsDigit(next.first) && j.to-j.from > 1:
		j.to++
	case last.kind == wordSegment && next.kind == symbolSegment:
		j.to = j.symbols(j.to)
	case last.kind == symbolSegment && next.kind == wordSegment && joinsRight(last.first, next.first):
		j.to++
	default:
		return false
	}
	return true
}

// joinsNumber reports whether a segment between digits makes one number, date or time of them.
func joinsNumber(s segment) bool {
	switch s.first {
	case '-', '–', '\u2011', '/', ':', '.', ',', '’', '\'', '٫', '٬', '\uff1a', '\uff0e', '\uff0c', '\uff0f':
		return s.first == s.last && s.kind == otherSegment
	}
	return false
}

// isUnit reports whether r is a character that makes a date, time or amount of the number before it.
func isUnit(r rune) bool {
	switch r {
	case '年', '月', '日', '号', '號', '時', '时', '点', '點', '分', '秒', '元', '円', '圆':
		return true
	}
	return false
}

// joinsRight reports whether a word goes on after a symbol within it: "R&D", "a+b", "20°C", "US$5", but not "5%of".
func joinsRight(symbol, next rune) bool {
	switch {
	case symbol == '%' || symbol == fullwidthPercent || symbol == '‰' || symbol == '™' || symbol == '®' || symbol == '©':
		return false
	case unicode.Is(unicode.Sc, symbol):
		return unicode.IsDigit(next)
	}
	return true
}
