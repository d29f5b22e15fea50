package deepgram

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"

	"voicerelay/relay"
	"voicerelay/relay/position"
)

// turn is what a client says up to a Flush. It is one generation, unless its text paused for so long that the first one ended.
type turn struct {
	speech     string // its name, by the second version
	parts      []*part
	flushes    int  // that its end answers
	finished   bool // no more text comes
	failed     bool // what still comes of its text is dropped
	silent     bool // there was nothing to speak, and the client got a moment of silence
	characters int  // of its text
	waiting    []any
}

// part is a generation of a turn.
type part struct {
	g     *relay.Generation
	over  bool
	text  []byte // kept where an Interrupt may ask for it
	audio time.Duration
	reach position.Extent // once it is over; kept as text is
}

func newTurn() *turn {
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails
	return &turn{speech: "dg_sp_" + hex.EncodeToString(id[:])}
}

// taking is the part that takes text; nil: there is none.
func (t *turn) taking() *part {
	if n := len(t.parts); n > 0 && !t.parts[n-1].over && !t.finished {
		return t.parts[n-1]
	}
	return nil
}

// running reports whether a part is not over.
func (t *turn) running() bool {
	return slices.ContainsFunc(t.parts, func(p *part) bool { return !p.over })
}

// heard is the audio that the client was sent of parts that are over.
func (t *turn) heard() (sum time.Duration) {
	for _, p := range t.parts {
		sum += p.audio
	}
	return sum
}

// turns are those that are not over, in the order of their Flushes. All but the last are finished.
type turns []*turn

// open is the turn that takes text; nil: the next text begins one.
func (all turns) open() *turn {
	if n := len(all); n > 0 && !all[n-1].finished {
		return all[n-1]
	}
	return nil
}

// find is the turn and part of a generation; nil where it was cleared.
func (all turns) find(g *relay.Generation) (*turn, *part) {
	for _, t := range all {
		for _, p := range t.parts {
			if p.g == g {
				return t, p
			}
		}
	}
	return nil, nil
}

// running are the generations that are not over.
func (all turns) running() (running []*relay.Generation) {
	for _, t := range all {
		for _, p := range t.parts {
			if !p.over {
				running = append(running, p.g)
			}
		}
	}
	return running
}

// tell notes in the records of running parts how much of a turn was played.
func (t *turn) tell(played time.Duration) {
	for _, p := range t.parts {
		if !p.over {
			p.g.SetPlayed(max(0, played))
		}
		played -= p.audio
	}
}

// stopped notes what the client was sent of parts that were stopped, and is the audio of all.
func (t *turn) stopped() time.Duration {
	for _, p := range t.parts {
		if !p.over {
			p.over, p.audio, p.reach = true, p.g.Sent(), p.g.Extent()
		}
	}
	return t.heard()
}

// split is the text of a turn of which so much was played: what was heard, and what was not.
func (t *turn) split(played time.Duration) (spoken, remaining string) {
	for _, p := range t.parts {
		text := []rune(string(p.text))
		cut := min(p.reach.Played(max(0, played)).Char, len(text))
		spoken += string(text[:cut])
		remaining += string(text[cut:])
		played -= p.audio
	}
	return spoken, remaining
}
