package billing

import (
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Usage is what an attempt took of a vendor.
type Usage struct {
	// Audio is the length of what was received.
	Audio time.Duration
	// Characters, UTF16Units and Bytes measure the text that was sent: in code points, in UTF-16, in UTF-8. Chinese is how many of
	// the characters are of the Chinese script, as also Japanese and old Korean are written in. Requests are the pieces.
	Characters, UTF16Units, Chinese, Bytes, Requests int64
	// Metered is what the vendor says that it counted.
	Metered Metered
}

// Metered is what a vendor says that it charges for, of all that an attempt took. What is 0 it does not say.
type Metered struct {
	// Characters are counted in the vendor's own way.
	Characters int64
	// InputTokens are of text, OutputTokens of audio.
	InputTokens, OutputTokens int64
}

// hasTokens reports whether the vendor has told tokens. There is no text without one.
func (m Metered) hasTokens() bool { return m.InputTokens > 0 || m.OutputTokens > 0 }

// Measure is what a text takes of a vendor that gets it in one piece. What is no UTF-8 counts as the character that stands for
// such, for each byte.
func Measure(text string) Usage {
	u := Usage{Bytes: int64(len(text)), Requests: 1}
	for _, r := range text {
		u.Characters++
		u.UTF16Units += int64(utf16.RuneLen(r))
		if r >= utf8.RuneSelf && unicode.Is(unicode.Han, r) { // punctuation and kana are not of that script
			u.Chinese++
		}
	}
	return u
}

// Plus is what two texts take together, of which no vendor has told anything yet.
func (u Usage) Plus(v Usage) Usage {
	return Usage{
		Audio:      u.Audio + v.Audio,
		Characters: u.Characters + v.Characters,
		UTF16Units: u.UTF16Units + v.UTF16Units,
		Chinese:    u.Chinese + v.Chinese,
		Bytes:      u.Bytes + v.Bytes,
		Requests:   u.Requests + v.Requests,
	}
}

// CharactersPerSecond is how much text makes a second of speech, as far as nothing better is known: vendors speak English
// at 13 to 16.
const CharactersPerSecond = 14

// SpeechTime is about how long it takes to speak so many characters.
func SpeechTime(characters int64) time.Duration {
	return time.Duration(characters) * time.Second / CharactersPerSecond
}
