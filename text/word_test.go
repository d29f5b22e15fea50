package text

import (
	"slices"
	"testing"
)

func TestTokens(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"plain", "Hello, world!", []string{"Hello", "world"}},
		{"apostrophes", "don't l'été dogs' 'quoted'", []string{"don't", "l'été", "dogs", "quoted"}},
		{"hyphens divide words", "a well-known fact", []string{"a", "well", "known", "fact"}},
		{"thousands", "1,250 people", []string{"1,250", "people"}},
		{"decimals", "3.14, then 2.5.", []string{"3.14", "then", "2.5"}},
		{"ISO date", "on 2026-11-21.", []string{"on", "2026-11-21"}},
		{"dates with slashes and dots", "11/21/2026 or 21.11.2026", []string{"11/21/2026", "or", "21.11.2026"}},
		{"time", "at 10:30, 10:30am", []string{"at", "10:30", "10:30am"}},
		{"amounts", "$5.00 5€ €5 US$5 -$3 ₹1,00,000", []string{"$5.00", "5€", "€5", "US$5", "-$3", "₹1,00,000"}},
		{"percent", "50% of 3.5%", []string{"50%", "of", "3.5%"}},
		{"signs", "-5 +5 .5 −5 ~5 5-3", []string{"-5", "+5", ".5", "−5", "5", "5-3"}},
		{"phone", "+49-170-123", []string{"+49-170-123"}},
		{"degrees", "20°C and 5°", []string{"20°C", "and", "5°"}},
		{"attached symbols", "C++ C# #1 @name R&D AT&T a+b=c", []string{"C++", "C#", "#1", "@name", "R&D", "AT&T", "a+b=c"}},
		{"symbols alone", "a & b + c = d", []string{"a", "b", "c", "d"}},
		{"mailbox", "Mail first.last-x@example.com.", []string{"Mail", "first.last-x@example.com"}},
		{"site", "See (https://x.y/z?q=1). Bye", []string{"See", "https://x.y/z?q=1", "Bye"}},
		{"site in Chinese", "请看https://x.y/z。好", []string{"请", "看", "https://x.y/z", "好"}},
		{"markup", "**bold** `code` _it_ a|b ~~x~~", []string{"bold", "code", "it", "a", "b", "x"}},
		{"initials", "U.S. army, e.g. Dr. No", []string{"U.S", "army", "e.g", "Dr", "No"}},
		{"spell", "code <spell>A1-é</spell>!", []string{"code", "A", "1", "é"}},
		{"unclosed spell", "<spell>AB", []string{"A", "B"}},
		{"tags are no words", `a<break time="500ms"/>b <prosody rate="fast">c</prosody>`, []string{"a", "b", "c"}},
		{"no tags", "a < b, <3 you, 1<2 <4> <b and c>", []string{"a", "b", "3", "you", "1", "2", "4", "b", "and", "c"}},
		{"emoji", "Hi😀 there 👨‍👩‍👧 🇩🇪 ok", []string{"Hi", "there", "ok"}},
		{"combining marks", "cafe\u0301 n\u0303o", []string{"cafe\u0301", "n\u0303o"}},
		{"Chinese", "你好,世界。", []string{"你", "好", "世", "界"}},
		{"Chinese date", "2026年11月21日的5元", []string{"2026年11月21日", "的", "5元"}},
		{"Japanese", "カタカナとひ", []string{"カタカナ", "と", "ひ"}},
		{"Korean", "안녕하세요 세계", []string{"안녕하세요", "세계"}},
		{"Thai", "สวัสดีครับ ผมชื่อ", []string{"สวัสดีครับ", "ผมชื่อ"}},
		{"Arabic", "مرحبا، كيف ٣٫١٤؟", []string{"مرحبا", "كيف", "٣٫١٤"}},
		{"Hebrew", "שלום עולם, צה\"ל", []string{"שלום", "עולם", "צה\"ל"}},
		{"Hindi", "नमस्ते दुनिया। ठीक", []string{"नमस्ते", "दुनिया", "ठीक"}},
		{"nothing", "!!! ... 😀", nil},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, tok := range Tokens(tt.in, 7) {
				got = append(got, tok.Text)
				if slice := string([]rune(tt.in)[tok.Start-7 : tok.End-7]); slice != tok.Text {
					t.Errorf("span %d..%d is %q, want %q", tok.Start, tok.End, slice, tok.Text)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Tokens(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestSpeakable(t *testing.T) {
	tests := []struct {
		name, in string
		want     bool
	}{
		{"empty", "", false},
		{"punctuation", "?!… – \n", false},
		{"emoji", "😀🇩🇪👨‍👩‍👧", false},
		{"tag", `<break time="500ms"/>`, false},
		{"empty spell", "<spell></spell>", false},
		{"unclosed empty spell", "<spell>", false},
		{"spell", "<spell>A</spell>", true},
		{"part of a tag", "<spel", true},
		{"digit", "…7", true},
		{"Arabic digit", "٣", true},
		{"Chinese", "。好", true},
		{"Thai", "ก", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Speakable(tt.in); got != tt.want {
				t.Errorf("Speakable(%q) = %v, want %v", tt.in, got, tt.want)
			}
		})
	}
}
