package text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// spoken is how long espeak-ng 1.51 takes for texts that take much longer, or shorter, than they are written, in ms.
var spoken = []struct {
	voice, text string
	ms          int
}{
	{"en", "1234567890", 5820},
	{"en", strings.TrimSpace(strings.Repeat("1234567890 ", 12)), 65470},
	{"de", strings.TrimSpace(strings.Repeat("1234567890 ", 12)), 64220},
	{"fr", strings.TrimSpace(strings.Repeat("9797979797 ", 12)), 57180},
	{"en", "99999999999999999999", 12120},
	{"en", "+49 30 1234567, +1 (555) 010-9999", 10970},
	{"en", "$1,234,567.89 and €99.99", 7460},
	{"en", "2026-03-01T12:34:56Z", 5600},
	{"en", "https://www.example.com/path/to/page?query=value&other=1#frag", 9310},
	{"en", strings.Repeat("😀", 10), 3190},
	{"en", "👨‍👩‍👧‍👦👩🏽‍🚀🏳️‍🌈", 2830},
	{"en", "→←↑↓∑∏√∞≈≠≤≥", 3650},
	{"en", "%&@#$*+=<>~^|\\/_{}[]", 4010},
	{"en", "1/2 3/4 ½ ¾ ²³", 3340},
	{"en", "ⅣⅧⅫ", 4260},
	{"en", "ⓐⓑⓒ①②③", 3720},
	{"en", "𝐀𝐁𝐂", 4690},
	{"en", "ﷺ", 1380},
	{"en", strings.Repeat("ـ", 30), 48360},
	{"ar", strings.Repeat("ـ", 30), 300},
	{"ar", "م" + strings.Repeat("ـ", 300) + "ا", 770},
	{"en", "مرحـــــــــــــــــــــــــــــا", 49220},
	{"en", "مرحبا بالعالم", 7480},
	{"en", "اَلْعَرَبِيَّةُ", 9150},
	{"en", "שלום עולם", 5550},
	{"en", "Γεια σου κόσμε", 5100},
	{"en", "Привет мир", 1750},
	{"cmn", "你好世界今天天气很好", 3920},
	{"en", "你好世界今天天气很好", 7060},
	{"ja", "こんにちは世界", 2830},
	{"en", "ーーーーーーーー", 6160},
	{"en", "안녕하세요", 1320},
	{"en", "สวัสดีชาวโลก", 13750},
	{"en", "W.W.W.W.W.W.W.W.", 3440},
	{"en", strings.Repeat("x", 60), 9180},
	{"en", strings.Repeat("e", 60), 2620},
	{"en", "................", 300},
	{"en", "--------------------", 10},
}

// Whatever is honestly said of a text takes no longer than four times what its length says, with half as much again to
// spare, and no less than 10 ms for each letter that counts: beyond these the relay takes a vendor to have lost its way.
func TestHonestSpeechIsWithinItsBounds(t *testing.T) {
	const perLetter = 1000 / 14 // ms, of prose
	for _, s := range spoken {
		if most := 4 * perLetter * SpokenLength(s.text); s.ms*3/2 > most {
			t.Errorf("%s %q: takes %d ms, and may take %d", s.voice, s.text, s.ms, most)
		}
		if least := 10 * LeastLetters(s.text); s.ms < least {
			t.Errorf("%s %q: takes %d ms, and must take %d", s.voice, s.text, s.ms, least)
		}
	}
}

func TestLeastLettersAreThoseThatAreHeard(t *testing.T) {
	for text, want := range map[string]int{
		"Hello there.": 10,
		"Noooooooo":    4,
		"code 0000000": 11,
		"see https://www.example.com/a8f9e7d6c5b4a3f2e1d0c9b8?x=1 now": 3 + longestAddress + 3,
		"مـــــرحبا": 5,
		"…!?":        0,
		"<spell>AAAAA</spell> <break time=\"3s\"/>": 5,
	} {
		if got := LeastLetters(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// No text is shorter to say than to write, and none of its parts takes anything from another.
func TestSpokenLengthAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if strings.ContainsAny(a+b, "<>[]") {
			t.Skip("a tag may be made of two parts")
		}
		whole := SpokenLength(a + b)
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			t.Skip("no text")
		}
		if whole != SpokenLength(a)+SpokenLength(b) {
			t.Fatalf("%d, the parts %d and %d", whole, SpokenLength(a), SpokenLength(b))
		}
		if n := utf8.RuneCountInString(a + b); whole < n || whole > symbolLength*n {
			t.Fatalf("%d characters count %d", n, whole)
		}
	})
}
