package voice

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Token is a word as it is spoken.
type Token struct {
	// Text is the word, numbers spelled out.
	Text string
	// Pause: a comma or a sentence's end follows.
	Comma, Stop bool
}

// Words lists the words of a text as they are spoken: tags left out, letters within <spell> apart, numbers as
// English words, each ideograph or kana a word.
// A test compares them with what it decodes.
func Words(text string) []string {
	var words []string
	for _, t := range Tokens(text, true) {
		words = append(words, t.Text)
	}
	return words
}

// tagPattern finds tags; what stands within <spell> is treated apart.
var tagPattern = regexp.MustCompile(`(?s)<spell>(.*?)(?:</spell>|$)|</?[a-zA-Z][^<>]*>`)

// numberPattern finds digits with separators and decimals.
var numberPattern = regexp.MustCompile(`^[0-9][0-9,]*(\.[0-9]+)?`)

// Tokens lists a text's words with the pauses after them. Without normalize, numbers stay digits.
// Vendors differ in whether they normalize, and their word times in whether they show it.
func Tokens(text string, normalize bool) []Token {
	var tokens []Token
	for {
		at := tagPattern.FindStringSubmatchIndex(text)
		if at == nil {
			return appendPlain(tokens, text, normalize)
		}
		tokens = appendPlain(tokens, text[:at[0]], normalize)
		if at[2] >= 0 {
			for _, r := range text[at[2]:at[3]] {
				if unicode.IsLetter(r) || unicode.IsDigit(r) {
					tokens = appendPlain(tokens, string(r), normalize)
				}
			}
		}
		text = text[at[1]:]
	}
}

func appendPlain(tokens []Token, text string, normalize bool) []Token {
	for len(text) > 0 {
		r := []rune(text)[0]
		size := len(string(r))
		switch {
		case r >= '0' && r <= '9':
			number := strings.TrimRight(numberPattern.FindString(text), ",")
			size = len(number)
			if normalize {
				for _, w := range spellNumber(number) {
					tokens = append(tokens, Token{Text: w})
				}
			} else {
				tokens = append(tokens, Token{Text: number})
			}
		case alone(r):
			tokens = append(tokens, Token{Text: string(r)})
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			size = wordLength(text)
			tokens = append(tokens, Token{Text: text[:size]})
		default:
			markPause(tokens, r)
		}
		text = text[size:]
	}
	return tokens
}

// alone reports whether a letter is a word by itself.
// Chinese and Japanese have no spaces, and vendors time their characters one by one.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// wordLength is the length in bytes of the word that text begins with.
func wordLength(text string) int {
	for i, r := range text {
		inside := unicode.IsLetter(r) || unicode.IsMark(r) || (unicode.IsDigit(r) && r > '9') || r == '\'' || r == '’' || r == '\u200d' || r == '\u200c'
		if !inside || alone(r) {
			return len(strings.TrimRight(text[:i], "'’"))
		}
	}
	return len(strings.TrimRight(text, "'’"))
}

func markPause(tokens []Token, r rune) {
	if len(tokens) == 0 {
		return
	}
	last := &tokens[len(tokens)-1]
	switch {
	case strings.ContainsRune(".!?…。！？۔؟।", r):
		last.Stop = true
	case strings.ContainsRune(",;:—–،、，；", r):
		last.Comma = true
	}
}

var (
	ones = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
)

// spellNumber says a number in English words: 1,250 is "one thousand two hundred fifty", 3.14 "three point one four".
// Numbers of more than twelve digits are said digit by digit, as telephone numbers are.
func spellNumber(number string) []string {
	whole, decimals, _ := strings.Cut(strings.ReplaceAll(number, ",", ""), ".")
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || len(whole) > 12 {
		return spellDigits(whole)
	}
	words := spellInteger(n)
	if decimals != "" {
		words = append(append(words, "point"), spellDigits(decimals)...)
	}
	return words
}

func spellDigits(digits string) []string {
	var words []string
	for _, d := range digits {
		words = append(words, ones[d-'0'])
	}
	return words
}

func spellInteger(n uint64) []string {
	for _, scale := range []struct {
		unit uint64
		name string
	}{{1e9, "billion"}, {1e6, "million"}, {1000, "thousand"}, {100, "hundred"}} {
		if n >= scale.unit {
			words := append(spellInteger(n/scale.unit), scale.name)
			if n%scale.unit == 0 {
				return words
			}
			return append(words, spellInteger(n%scale.unit)...)
		}
	}
	if n < 20 {
		return []string{ones[n]}
	}
	if n%10 == 0 {
		return []string{tens[n/10]}
	}
	return []string{tens[n/10], ones[n%10]}
}
