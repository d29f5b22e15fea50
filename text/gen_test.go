package text

import (
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// A part is a stretch of generated text. Solid parts are never cut; the tests know them without asking the code.
type part struct {
	text  string
	solid bool
	spell bool
}

var (
	wordParts = []string{
		"hello", "World", "the", "naïve", "cafe\u0301", "Straße", "don't", "şi", "Привет", "你好世界", "カタカナ", "ひらがな", "안녕", "สวัสดีครับ", "น้ำ",
		"مرحبا", "שָׁלוֹם", "نستعلیق", "नमस्ते", "क्षत्रिय", "ጤና", "C++", "user@example.com", "https://x.y/z", "a", "I", "<", "a < b", "<3",
	}
	solidParts = []string{
		"3.14", "1,250", "10:30", "2026-11-21", "$5.00", "1.000.000,50", "Dr. Smith", "e.g. this", "U.S. army", "No. 5", "p. 5", "21. November", "٣٫١٤", "\uff13\uff0e\uff11", "1\uff0c250", "3\uff0e14",
		"👨‍👩‍👧", "🇩🇪", "👍🏽", "e\u0301\u0323", `<break time="1. 5s"/>`, "<b>", "</b>", `<prosody rate="0.8">`, "</spell>", "[laughs]",
		"<break time = \"1s\"\r\n/>", "<phoneme\tph='a. b'>", "[in a French accent]",
	}
	signParts = []string{
		".", "!", "?", "...", "…", "。", "！", "؟", "۔", "।", "॥", ",", ";", ":", "，", "、", "،", "—", "–", "-", "\"", "”", "“", "」", "）", ")", "(", "'",
		"😀", "*", "·", "\u200f", "\u200d", "\u0301", "\ufe0f", "\u0600", "%", "&", "\uff01", "\uff0c", "\uff0e", "\uff1a", "\uff1b", "\uff9e", "\u0e33",
	}
	spaceParts = []string{" ", " ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u3000", "\u00a0", "\u2029"}
)

func drawPart(t *rapid.T) part {
	switch rapid.IntRange(0, 19).Draw(t, "kind") {
	case 0, 1:
		return part{text: rapid.SampledFrom(solidParts).Draw(t, "solid"), solid: true}
	case 2:
		letters := rapid.StringOfN(rapid.SampledFrom([]rune("ABé1 .你👍@<")), 0, 12, -1).Draw(t, "letters")
		return part{text: openSpell + letters + closeSpell, solid: true, spell: true}
	case 3, 4, 5:
		return part{text: rapid.SampledFrom(signParts).Draw(t, "sign")}
	case 6, 7, 8, 9, 10, 11, 12:
		return part{text: rapid.SampledFrom(spaceParts).Draw(t, "space")}
	default:
		return part{text: rapid.SampledFrom(wordParts).Draw(t, "word")}
	}
}

// drawText draws a text with spaces around what is solid, so that it is what it looks like. At times it leaves a tag or a
// region open at its end.
func drawText(t *rapid.T) []part {
	var parts []part
	for _, p := range rapid.SliceOfN(rapid.Custom(drawPart), 10, 60).Draw(t, "parts") {
		if p.solid {
			parts = append(parts, part{text: " "}, p, part{text: rapid.SampledFrom([]string{" ", ". ", ", ", "\n"}).Draw(t, "behind")})
			continue
		}
		parts = append(parts, p)
	}
	if tail := rapid.SampledFrom([]string{"", "", "", "<sp", "<spell>AB. C", " 3.", " Dr."}).Draw(t, "tail"); tail != "" {
		parts = append(parts, part{text: " "}, part{text: tail, solid: true, spell: strings.HasPrefix(tail, openSpell)})
	}
	return parts
}

func textOf(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return b.String()
}

// solidAt returns the part that a cut at the code point would divide, unless it is one that a flush divides anyway.
func solidAt(parts []part, cut int, flushes map[int]bool) (part, bool) {
	at := 0
	for _, p := range parts {
		n := utf8.RuneCountInString(p.text)
		if at < cut && cut < at+n {
			for i := at + 1; i < at+n && p.text[0] != '<' && p.text[0] != '['; i++ {
				if flushes[i] {
					return p, false
				}
			}
			return p, p.solid
		}
		at += n
	}
	return part{}, false
}

func drawSchedule(t *rapid.T) Schedule {
	return Schedule{
		Gather: rapid.SliceOfN(rapid.IntRange(0, 60), 0, 3).Draw(t, "gather"),
		Max:    rapid.IntRange(40, 300).Draw(t, "max"),
	}
}

// chunks divides s at random code points.
func chunks(t *rapid.T, s string) []string {
	var out []string
	size := rapid.SampledFrom([]int{1, 4, 12, 1000}).Draw(t, "chunk size")
	for runes := []rune(s); len(runes) > 0; {
		n := min(rapid.IntRange(1, size).Draw(t, "chunk"), len(runes))
		out, runes = append(out, string(runes[:n])), runes[n:]
	}
	return out
}
