package assemblyai

import (
	"strings"
	"time"
	"unicode"

	"voicerelay/upstream/emulator/engine"
)

// words are the tokens of a text between its spaces, as they stand in it, in milliseconds of the session's audio (SDK).
func words(all []engine.Character, origin time.Duration) (told []object) {
	var token strings.Builder
	var start, end time.Duration
	finish := func() {
		if token.Len() > 0 && end > 0 {
			told = append(told, object{
				"word": token.String(), "start": (origin + start).Milliseconds(), "end": (origin + end).Milliseconds(), "confidence": 0.99,
			})
		}
		token.Reset()
		start, end = 0, 0
	}
	for _, c := range all {
		r := []rune(c.Text)[0]
		if unicode.IsSpace(r) {
			finish()
			continue
		}
		token.WriteString(c.Text)
		if spoken := unicode.IsLetter(r) || unicode.IsDigit(r); spoken {
			if end == 0 {
				start = c.Start
			}
			end = c.End
		}
	}
	finish()
	return told
}
