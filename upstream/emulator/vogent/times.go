package vogent

import (
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// vogentTimes are the contents of the messages that tell when words are spoken, one each: in any of the shapes that
// the one undocumented field may have.
func vogentTimes(q vogentQuirks, words []voice.WordTime) []any {
	if len(words) == 0 {
		return nil
	}
	switch q.timesShape {
	case "arrays":
		return []any{vogentArrays(q, words)}
	case "single":
		return vogentEach(q, words)
	}
	return []any{vogentEach(q, words)}
}

// vogentEach is an object a word.
func vogentEach(q vogentQuirks, words []voice.WordTime) []any {
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
		each = append(each, engine.Object{text: w.Text, start: vogentTime(q, w.Start), end: vogentTime(q, w.End)})
	}
	return each
}

// vogentArrays is an array for each of what is told of words.
func vogentArrays(q vogentQuirks, words []voice.WordTime) engine.Object {
	var texts []string
	var starts, ends []any
	for _, w := range words {
		texts = append(texts, w.Text)
		starts = append(starts, vogentTime(q, w.Start))
		ends = append(ends, vogentTime(q, w.End))
	}
	return engine.Object{"words": texts, "start": starts, "end": ends}
}

// vogentTime is a time since the generation's first sample: whole milliseconds, or seconds.
func vogentTime(q vogentQuirks, d time.Duration) any {
	if q.timesUnit == "ms" {
		return d.Milliseconds()
	}
	return float64(d.Milliseconds()) / 1000
}
