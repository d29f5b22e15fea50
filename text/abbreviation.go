package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// dotted says what a full stop after a word may be, other than a sentence's end.
type dotted int

const (
	endsSentence  dotted = iota
	alwaysGoesOn         // Dr. Smith, J. Smith, U.S. army, and the number of a list's item
	goesOnToDigit        // No. 5, p. 5
	goesOnToLower        // etc. and so on: an end only where a new sentence's capital follows
	ordinal              // 3. Mai: goes on to a small letter or a month
	goesOnAtOnce         // $3.5, www.a.b, Ph.D.: an end where whitespace follows
)

// maxAbbreviation is the longest word, in bytes, that is looked at.
const maxAbbreviation = 16

// dottedWord classifies the word before a full stop. first: it is the first of its line.
func dottedWord(word []byte, first bool) dotted {
	if len(word) == 0 || len(word) > maxAbbreviation {
		return endsSentence
	}
	w := strings.ToLower(strings.TrimLeft(string(word), `([{"'“„‘«¿¡*_`))
	if d := dottedNumber(w, first); d != endsSentence {
		return d
	}
	if kind := knownAbbreviation(w); kind != endsSentence {
		return kind
	}
	if isInitials(w) {
		return alwaysGoesOn
	}
	return endsSentence
}

// mayGoOn reports whether more of a word may come after a full stop: of a number, an address that has no end yet, or an
// abbreviation of several.
func mayGoOn(word []byte) bool {
	last, _ := utf8.DecodeLastRune(word)
	if unicode.IsDigit(last) {
		return true
	}
	w := strings.ToLower(strings.TrimLeft(string(word[max(0, len(word)-maxAddress):]), `([{"'“„‘«¿¡*_`))
	if dot := strings.LastIndexByte(w, '.'); dot >= 0 && utf8.RuneCountInString(w[dot+1:]) == 1 && unicode.IsLetter(last) {
		return true // x.y.
	}
	if host, ok := strings.CutPrefix(w, "www"); ok {
		return strings.Count(host, ".") < 2
	}
	for _, before := range [...]string{"://", "@"} {
		if _, host, ok := strings.Cut(w, before); ok {
			return !strings.Contains(host, ".")
		}
	}
	switch w {
	case "ph", "ee", "bl", "th", "ll", "eu": // Ph.D., EE.UU., bl.a., Th.M., LL.B.
		return true
	}
	return false
}

// maxAddress is the longest address, in bytes, that is looked at.
const maxAddress = 128

// alsoWord reports whether an abbreviation is as likely a word, with which sentences end: "I said no."
func alsoWord(word []byte) bool {
	switch string(word) {
	case "no", "art", "sun", "max":
		return true
	}
	return false
}

func dottedNumber(w string, first bool) dotted {
	for _, r := range w {
		if !unicode.IsDigit(r) {
			return endsSentence
		}
	}
	switch n := utf8.RuneCountInString(w); {
	case n == 0 || n > 3:
		return endsSentence
	case first:
		return alwaysGoesOn
	case n <= 2:
		return ordinal
	}
	return endsSentence
}

// isInitials reports whether w is single letters, or pairs as in "Ph.D", with full stops between them.
func isInitials(w string) bool {
	parts := strings.Split(w, ".")
	for _, part := range parts {
		n := 0
		for _, r := range part {
			// A letter without case (an ideograph, a Thai letter) is no initial.
			if unicode.ToUpper(r) == r {
				return false
			}
			n++
		}
		if n == 0 || n > 2 || n == 2 && len(parts) == 1 {
			return false
		}
	}
	return true
}

// knownAbbreviation knows what is common in the vendors' languages; w is in lower case, without its last full stop.
func knownAbbreviation(w string) dotted {
	switch w {
	case "dr", "mr", "mrs", "ms", "mx", "prof", "st", "rev", "hon", "fr", "hr", "gen", "col", "lt", "sgt", "capt", "cmdr",
		"gov", "sen", "rep", "pres", "mt", "messrs", "mme", "mlle", "mgr", "sra", "srta", "dra", "dña", "dn", "sig", "dott",
		"vs", "approx", "ca", "bzw", "evtl", "ggf", "inkl", "zzgl", "al", "np", "tzn", "bijv", "dhr", "mevr", "kl", "гр", "им", "ул", "г", "д", "стр", "тов":
		return alwaysGoesOn
	case "no", "nr", "nos", "p", "pp", "pg", "fig", "figs", "vol", "art", "ch", "sec", "abs", "bd", "kap", "núm", "num",
		"pág", "ext", "tel", "op", "par", "ver", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec":
		return goesOnToDigit
	case "etc", "inc", "ltd", "co", "corp", "llc", "jr", "sr", "esq", "dept", "est", "ave", "blvd", "rd", "sq", "ft", "oz", "lb",
		"lbs", "min", "max", "a.m", "p.m", "usw", "ecc", "enz", "itd", "itp", "dvs", "bhf", "str", "mio", "mrd", "esc", "руб", "коп", "тыс", "млн", "млрд":
		return goesOnToLower
	}
	return endsSentence
}

// goesOn decides by what follows the full stop and its whitespace whether the sentence goes on. It is not
// known as long as an open text ends there.
func (d dotted) goesOn(next []byte, open bool) (on, known bool) {
	if d == endsSentence || d == alwaysGoesOn || d == goesOnAtOnce {
		return d == alwaysGoesOn, true
	}
	r, _ := utf8.DecodeRune(next)
	if len(next) == 0 {
		return false, !open
	}
	switch d {
	case goesOnToDigit:
		return unicode.IsDigit(r), true
	case goesOnToLower:
		return unicode.IsLower(r) || unicode.IsDigit(r), true
	default:
		return startsMonth(next, open)
	}
}

// startsMonth reports whether next starts with a small letter or with a month's name as German writes it.
func startsMonth(next []byte, open bool) (on, known bool) {
	r, _ := utf8.DecodeRune(next)
	if unicode.IsLower(r) || !unicode.IsUpper(r) {
		return unicode.IsLower(r), true
	}
	end := 0
	for end < len(next) {
		r, n := utf8.DecodeRune(next[end:])
		if !unicode.IsLetter(r) {
			break
		}
		end += n
	}
	word, whole := string(next[:end]), end < len(next) || !open
	for _, month := range [...]string{
		"Januar", "Jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
	} {
		if whole && month == word || !whole && strings.HasPrefix(month, word) {
			return whole, whole
		}
	}
	return false, true
}
