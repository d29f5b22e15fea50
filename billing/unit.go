package billing

import (
	"cmp"
	"time"
)

// Unit is what a price is for.
type Unit string

// The units of prices. Where a vendor says how many characters or tokens it charges for, its own count goes before ours.
const (
	AudioSecond Unit = "audio_second" // of audio received from the vendor
	AudioMinute Unit = "audio_minute" // of it; a part of a minute costs that part
	AudioHour   Unit = "audio_hour"
	Character   Unit = "character"  // a code point of the text sent to the vendor
	UTF16Unit   Unit = "utf16_unit" // of that text in UTF-16, of which most emoji take two
	// ChineseTwice is a code point too, but a Chinese one counts two.
	ChineseTwice Unit = "character_chinese_twice"
	Byte         Unit = "byte"    // of that text in UTF-8
	Request      Unit = "request" // a piece
	// Token is one of text that was sent, or of audio that was received: a price has an amount for each of both.
	Token Unit = "token"
)

// Units lists every unit.
var Units = []Unit{AudioSecond, AudioMinute, AudioHour, Character, UTF16Unit, ChineseTwice, Byte, Request, Token}

// quantity is how much of a unit was used, in parts of which perUnit make one unit. Of tokens it is those of the text.
func (u Usage) quantity(unit Unit) (n, perUnit int64) {
	switch unit {
	case AudioSecond:
		return int64(u.Audio), int64(time.Second)
	case AudioMinute:
		return int64(u.Audio), int64(time.Minute)
	case AudioHour:
		return int64(u.Audio), int64(time.Hour)
	case Character:
		return u.counted(u.Characters), 1
	case UTF16Unit:
		return u.counted(u.UTF16Units), 1
	case ChineseTwice:
		return u.counted(u.Characters + u.Chinese), 1
	case Byte:
		return u.Bytes, 1
	case Token:
		input, _ := u.tokens()
		return input, 1
	default:
		return u.Requests, 1
	}
}

// counted is how many characters the vendor says that it charges for, or else ours.
func (u Usage) counted(ours int64) int64 { return cmp.Or(u.Metered.Characters, ours) }

// What a token is where the vendor does not tell their number: OpenAI's tokenizers make one of about four bytes of English, and
// gpt-4o-mini-tts, at 12 USD for a million, of about 0.015 USD a minute, 1,250 of a minute of audio.
const (
	bytesPerToken   = 4
	tokensPerMinute = 1250
)

// tokens are those of the text and of the audio: what the vendor says, or else about how many they are.
func (u Usage) tokens() (input, output int64) {
	if u.Metered.hasTokens() {
		return u.Metered.InputTokens, u.Metered.OutputTokens
	}
	const minute = int64(time.Minute / time.Millisecond)
	return roundedUp(u.Bytes, bytesPerToken), roundedUp(u.Audio.Milliseconds()*tokensPerMinute, minute)
}

// roundedUp is a quotient of what is not negative.
func roundedUp(n, divisor int64) int64 { return (n + divisor - 1) / divisor }
