package vogent

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// wordTime is a word, in times from its piece's first sample.
type wordTime struct {
	text       string
	start, end time.Duration
}

// spoken is a word as a frame has it.
type spoken struct {
	text       string
	start, end float64
	unit       time.Duration // 0: the frame does not say
}

const (
	// longestWord and longestPiece, in seconds, are what no time in seconds is beyond, so that what is must be in
	// milliseconds, in which no word is shorter than longestWord.
	longestWord  = 8
	longestPiece = 600
	// deepest is how far within a frame words are looked for.
	deepest = 4
)

// wordTimes are the words that a frame tells times of, in order. The vendor documents neither their names nor their
// shape nor their unit: what is known is that the frame has a type, a generationId and one member more.
func wordTimes(data []byte) []wordTime {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	found := collect(fields, 0)
	inferred := unitOf(found)
	var words []wordTime
	for _, s := range found {
		unit := cmp.Or(s.unit, inferred)
		limit := float64(longestPiece*time.Second) / float64(unit)
		text := strings.TrimSpace(s.text)
		if text == "" || s.start < 0 || s.end < s.start || s.end > limit {
			continue // nothing is told of it that can be relied on
		}
		words = append(words, wordTime{
			text:  text,
			start: time.Duration(s.start * float64(unit)),
			end:   time.Duration(s.end * float64(unit)),
		})
	}
	slices.SortStableFunc(words, func(a, b wordTime) int { return cmp.Compare(a.start, b.start) })
	return words
}

// unitOf is the unit of times whose names do not tell it.
func unitOf(words []spoken) time.Duration {
	for _, w := range words {
		if w.unit == 0 && (w.end-w.start > longestWord || w.end > longestPiece) {
			return time.Millisecond
		}
	}
	return time.Second
}

// collect finds words in a value: a word, a list of words, one list for each of a word's members, or an object that
// has one of these somewhere.
func collect(v any, depth int) []spoken {
	if depth > deepest {
		return nil
	}
	switch v := v.(type) {
	case []any:
		if w, ok := tuple(v); ok {
			return []spoken{w}
		}
		var words []spoken
		for _, element := range v {
			words = append(words, collect(element, depth+1)...)
		}
		return words
	case map[string]any:
		if w, ok := single(v); ok {
			return []spoken{w}
		}
		if words := columns(v); words != nil {
			return words
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if words := collect(v[name], depth+1); words != nil {
				return words
			}
		}
	}
	return nil
}

// tuple is a word as a list: its text, start and end.
func tuple(v []any) (spoken, bool) {
	if len(v) != 3 {
		return spoken{}, false
	}
	return word(members{text: v[0], start: v[1], end: v[2]})
}

// single is a word as an object.
func single(v map[string]any) (spoken, bool) { return word(membersOf(v)) }

// columns are words as one list for each of their members.
func columns(v map[string]any) []spoken {
	m := membersOf(v)
	texts, _ := m.text.([]any)
	starts, _ := m.start.([]any)
	ends, _ := m.end.([]any)
	lengths, _ := m.length.([]any)
	var words []spoken
	for i := range texts {
		w, ok := word(members{
			text: at(texts, i), start: at(starts, i), end: at(ends, i), length: at(lengths, i), unit: m.unit,
		})
		if ok {
			words = append(words, w)
		}
	}
	return words
}

// at is a list's element, or nil.
func at(list []any, i int) any {
	if i >= len(list) {
		return nil
	}
	return list[i]
}

// members are what a word may have, or lists of them.
type members struct {
	text, start, end, length any
	unit                     time.Duration // 0: no name tells it
}

// word makes a word of its members. Without an end or a length there is none.
func word(m members) (spoken, bool) {
	text, isText := m.text.(string)
	start, starts := m.start.(float64)
	end, ends := m.end.(float64)
	if length, ok := m.length.(float64); ok && !ends {
		end, ends = start+length, true
	}
	return spoken{text: text, start: start, end: end, unit: m.unit}, isText && starts && ends
}

// membersOf finds a word's members by their names.
func membersOf(v map[string]any) members {
	var m members
	for _, name := range slices.Sorted(maps.Keys(v)) {
		role, unit := roleOf(name)
		switch role {
		case "word", "text", "token":
			m.text = v[name]
		case "start", "begin", "from", "offset":
			m.start, m.unit = v[name], cmp.Or(m.unit, unit)
		case "end", "to":
			m.end, m.unit = v[name], cmp.Or(m.unit, unit)
		case "duration", "length":
			m.length, m.unit = v[name], cmp.Or(m.unit, unit)
		}
	}
	return m
}

// roleOf reduces a name to what it stands for and its unit: "wordStartTimesMs" is the start, in milliseconds.
func roleOf(name string) (role string, unit time.Duration) {
	// A Replacer would be built for each name, at several kilobytes.
	role = strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(name), "_", ""), "-", "")
	for _, suffix := range []struct {
		text string
		unit time.Duration
	}{
		{"milliseconds", time.Millisecond},
		{"millis", time.Millisecond},
		{"ms", time.Millisecond},
		{"seconds", time.Second},
		{"secs", time.Second},
		{"sec", time.Second},
	} {
		if rest, ok := strings.CutSuffix(role, suffix.text); ok {
			role, unit = rest, suffix.unit
			break
		}
	}
	role = strings.TrimSuffix(strings.TrimSuffix(role, "s"), "time")
	if rest := strings.TrimPrefix(role, "word"); rest != "" {
		role = rest
	}
	return role, unit
}
