package body

import (
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// The trailers of a speech.
const (
	trailerStatus = "Generation-Status"
	trailerUsage  = "Usage"
)

// maxTrailer bounds the usage in a trailer: there are clients that take 4 KiB of trailers, and none beyond.
const maxTrailer = 3 << 10

// trailerOf is usage as a header's value: JSON in ASCII. One that is too long loses what its record has anyway: first
// the messages of attempts, then the oldest attempts.
func trailerOf(u protocol.Usage) string {
	value := asciiJSON(u)
	if len(value) <= maxTrailer {
		return value
	}
	u.Attempts = slices.Clone(u.Attempts)
	for i := range u.Attempts {
		u.Attempts[i].Message = ""
	}
	for value = asciiJSON(u); len(value) > maxTrailer && len(u.Attempts) > 0; value = asciiJSON(u) {
		u.Attempts = u.Attempts[1:]
	}
	return value
}

// asciiJSON is JSON in which all but ASCII is escaped. v must be what JSON has a form for.
func asciiJSON(v any) string {
	encoded := downstream.Encode(v)
	value := make([]byte, 0, len(encoded))
	for _, r := range string(encoded) {
		if r < utf8.RuneSelf {
			value = append(value, byte(r))
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			value = fmt.Appendf(value, `\u%04x`, unit)
		}
	}
	return string(value)
}
