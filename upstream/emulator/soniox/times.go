package soniox

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// number finds digits with separators and decimals.
var number = regexp.MustCompile(`[0-9][0-9,]*(\.[0-9]+)?`)

// preprocessed is the text whose timestamps are told: they are those of the preprocessed one (docs). LiveKit's plugin puts back the
// space at a stream's beginning, which that one lacks; whether it has numbers spelled out is drawn.
func (k *stream) preprocessed(text string) string {
	if !k.spoke {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	}
	if !k.conn.quirks.spellsNumbers {
		return text
	}
	var out strings.Builder
	for {
		at := number.FindStringIndex(text)
		if at == nil {
			out.WriteString(text)
			return out.String()
		}
		digits := strings.TrimRight(text[at[0]:at[1]], ",")
		end := at[0] + len(digits)
		out.WriteString(text[:at[0]])
		if before, _ := utf8.DecodeLastRuneInString(text[:at[0]]); unicode.IsLetter(before) {
			out.WriteByte(' ') // B12 is B twelve
		}
		out.WriteString(strings.Join(voice.Words(digits), " "))
		if after, _ := utf8.DecodeRuneInString(text[end:]); unicode.IsLetter(after) {
			out.WriteByte(' ')
		}
		text = text[end:]
	}
}

// teller tells a text's times. They count from the stream's first sample: Pipecat adds nothing to them.
type teller struct {
	origin int64 // samples of the stream before the text
	left   []engine.Character
	atOnce bool
}

// until are the times of what begins before a sample of the stream, and has not been told; nil: nothing does.
// A message of audio may have none (docs).
func (t *teller) until(sample int64) engine.Object {
	n := 0
	for n < len(t.left) && (t.atOnce || audio.Samples(t.left[n].Start, engine.NativeRate) < sample-t.origin) {
		n++
	}
	if n == 0 {
		return nil
	}
	origin := audio.Duration(t.origin, engine.NativeRate)
	var characters []string
	var starts, ends []float64
	for _, c := range t.left[:n] {
		characters = append(characters, c.Text)
		starts = append(starts, (origin + c.Start).Round(time.Millisecond).Seconds())
		ends = append(ends, (origin + c.End).Round(time.Millisecond).Seconds())
	}
	t.left = t.left[n:]
	return engine.Object{"characters": characters, "character_start_times_seconds": starts, "character_end_times_seconds": ends}
}
