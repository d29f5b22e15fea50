package minimax

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// Marks after which the server speaks unasked: at once, or where enough has gathered (MiniMax's docs).
const (
	fullStops = "。！？…!?.;；\n"
	halfStops = ",，、:："
)

// cut takes off a buffer what is spoken without a flush, with the white space behind it.
func (q quirks) cut(buffer string) (whole []string, rest string) {
	for {
		n := q.end(buffer)
		if n == 0 {
			return whole, buffer
		}
		n += len(buffer[n:]) - len(strings.TrimLeftFunc(buffer[n:], unicode.IsSpace))
		whole, buffer = append(whole, buffer[:n]), buffer[n:]
	}
}

// end is where the first text ends that is spoken without a flush; 0: nowhere yet. Without any mark that is a word's end.
func (q quirks) end(buffer string) int {
	length := 0
	for i, r := range buffer {
		length++
		end := i + utf8.RuneLen(r)
		switch {
		case strings.ContainsRune(fullStops, r) && !goesOn(buffer[end:]):
			return end
		case strings.ContainsRune(halfStops, r) && length >= q.enough && !goesOn(buffer[end:]):
			return end
		case length >= q.most && strings.TrimSpace(buffer[:end]) != "":
			return cmp.Or(engine.LastBoundary(buffer[:end]), end)
		}
	}
	return 0
}

// goesOn reports whether a mark is not the last of its text: a number goes on, or an ellipsis.
func goesOn(behind string) bool {
	r, size := utf8.DecodeRuneInString(behind)
	return size > 0 && (unicode.IsDigit(r) || r != '\n' && strings.ContainsRune(fullStops, r))
}

// pause is a pause of the client's, in seconds. interjection is a sound of the newest models.
var (
	pause        = regexp.MustCompile(`<#(\d+(?:\.\d+)?)#>`)
	interjection = regexp.MustCompile(`\([a-z-]+\)`)
)

// Bounds of a pause (MiniMax's docs).
const (
	leastPause = 10 * time.Millisecond
	mostPause  = 99990 * time.Millisecond
)

// join puts speech together from what is said between a text's pauses.
func join(model, text string, say func(part string) voice.Spoken) (spoken voice.Spoken) {
	if strings.HasPrefix(model, "speech-2.8") {
		text = interjection.ReplaceAllString(text, "")
	}
	for {
		at := pause.FindStringSubmatchIndex(text)
		if at == nil {
			spoken.PCM = append(spoken.PCM, say(text).PCM...)
			return spoken
		}
		spoken.PCM = append(spoken.PCM, say(text[:at[0]]).PCM...)
		seconds, _ := strconv.ParseFloat(text[at[2]:at[3]], 64) // it matches
		length := time.Duration(seconds * float64(time.Second))
		if len(spoken.PCM) > 0 && length >= leastPause && length <= mostPause {
			spoken.PCM = append(spoken.PCM, make([]int16, int(length*engine.NativeRate/time.Second))...)
		}
		text = text[at[1]:]
	}
}
