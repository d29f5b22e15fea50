package inworld

import (
	"time"
	"unicode"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// teller tells a generation's times. They count from its first sample: clients add what they have had up to the latest flushCompleted.
type teller struct {
	name  string // of what there are the times of: word or character; empty: none
	async bool
	left  []engine.Character
	late  []engine.Character // that trail their audio
}

// timesOf are the times that a client has asked for.
func timesOf(item job, spoken voice.Spoken) teller {
	t := teller{async: item.settings.transport == "ASYNC"}
	all := engine.Characters(item.text, spoken, item.settings.normalize)
	switch item.settings.timestamps {
	case "WORD":
		t.name, t.left = "word", tokens(all)
	case "CHARACTER":
		t.name, t.left = "character", all
	}
	return t
}

// tokens joins characters to words. Spaces and punctuation are tokens of their own (docs).
func tokens(all []engine.Character) (joined []engine.Character) {
	within := false
	for _, c := range all {
		r := []rune(c.Text)[0]
		letter := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '\'' || r == '’'
		if last := len(joined) - 1; letter && within {
			joined[last].Text, joined[last].End = joined[last].Text+c.Text, c.End
			continue
		}
		within = letter
		joined = append(joined, c)
	}
	return joined
}

// next are the times to tell with a chunk whose audio ends there; nil: none.
// With SYNC they are those of the chunk, with ASYNC they may trail (docs).
func (t *teller) next(end time.Duration, q quirks) engine.Object {
	n := 0
	for n < len(t.left) && t.left[n].Start < end {
		n++
	}
	now := t.left[:n]
	t.left = t.left[n:]
	switch {
	case t.async && q.timesAlone:
		t.late = append(t.late, now...)
		return nil
	case t.async:
		now, t.late = t.late, now
	}
	return t.object(now)
}

// rest are the times that no chunk of audio has told; nil: none.
func (t *teller) rest() engine.Object {
	late := append(t.late, t.left...)
	t.late, t.left = nil, nil
	return t.object(late)
}

func (t *teller) object(all []engine.Character) engine.Object {
	if t.name == "" || len(all) == 0 {
		return nil
	}
	var texts []string
	var starts, ends []float64
	for _, c := range all {
		texts = append(texts, c.Text)
		starts, ends = append(starts, c.Start.Round(time.Millisecond).Seconds()), append(ends, c.End.Round(time.Millisecond).Seconds())
	}
	return engine.Object{t.name + "Alignment": engine.Object{
		t.name + "s": texts, t.name + "StartTimeSeconds": starts, t.name + "EndTimeSeconds": ends,
	}}
}
