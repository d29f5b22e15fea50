package vogent

import (
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// times are the contents of the messages that tell when words are spoken, one each: in any of the shapes that
// the one undocumented field may have.
func times(q quirks, words []voice.WordTime) []any {
	if len(words) == 0 {
		return nil
	}
	switch q.timesShape {
	case "arrays":
		return []any{arrays(q, words)}
	case "single":
		return each(q, words)
	}
	return []any{each(q, words)}
}

// each is an object a word.
// The keys are those that other vendors use.
func each(q quirks, words []voice.WordTime) []any {
	text, start, end := "word", "start", "end"
	switch q.timesShape {
	case "long":
		text, start, end = "text", "startTime", "endTime"
	case "named":
		q.timesUnit = "ms"
		start, end = "startMs", "endMs"
	}
	each := make([]any, 0, len(words))
	for _, w := range words {
		each = append(each, engine.Object{text: w.Text, start: wordTime(q, w.Start), end: wordTime(q, w.End)})
	}
	return each
}

// arrays is an array for each of what is told of words.
func arrays(q quirks, words []voice.WordTime) engine.Object {
	var texts []string
	var starts, ends []any
	for _, w := range words {
		texts = append(texts, w.Text)
		starts = append(starts, wordTime(q, w.Start))
		ends = append(ends, wordTime(q, w.End))
	}
	return engine.Object{"words": texts, "start": starts, "end": ends}
}

// wordTime is a time since the generation's first sample: whole milliseconds, or seconds.
func wordTime(q quirks, d time.Duration) any {
	if q.timesUnit == "ms" {
		return d.Milliseconds()
	}
	return float64(d.Milliseconds()) / 1000
}
