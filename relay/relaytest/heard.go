package relaytest

import (
	"encoding/binary"
	"strings"
)

// CutOff stands for a character that broke off in its middle.
const CutOff = '~'

// Heard is what fakes said in samples of FakeFormat, letter by letter, without what lies between words.
func Heard(pcm []byte) string {
	var said strings.Builder
	level, run := int16(0), 0
	end := func() {
		n := (run + SamplesPerChar/8) / SamplesPerChar
		switch {
		case level == 0: // silence
		case n > 0:
			said.WriteString(strings.Repeat(string(rune(level/100)), n))
		case run > SamplesPerChar/8: // longer than a crossfade
			said.WriteRune(CutOff)
		}
		run = 0
	}
	for ; len(pcm) > 1; pcm = pcm[2:] {
		if v := int16(binary.LittleEndian.Uint16(pcm)); v != level {
			end()
			level = v
		}
		run++
	}
	end()
	return said.String()
}

// Letters is a text as fakes say it.
func Letters(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return Loudness(r) == 0 }), "")
}
