package livekit

import (
	"time"

	"voicerelay/downstream"
	"voicerelay/relay"
)

// turn is what the client has spoken from its first text to its flush.
type turn struct {
	flushed bool
	asked   bool               // it had text
	phrases downstream.Phrases // of its text
	spoken  time.Duration      // audio of its parts that have ended
}

// part is text of a turn that one generation speaks.
type part struct {
	turn  *turn
	by    settings
	text  downstream.Script // all of it; the generation has it once there is one
	final bool              // no more text comes

	g       *relay.Generation // nil: it waits
	encoder *encoder          // of the generation
	over    chan struct{}     // closed once the generation has ended
}

func newPart(of *turn, by settings) *part {
	return &part{turn: of, by: by, over: make(chan struct{})}
}

// maxParts bounds the parts that wait. A client has one turn at a time, and changes its voice when its user does.
const maxParts = 64

// turns is what the client wants spoken and was not yet. The first part is the one that runs.
type turns struct {
	parts []*part
	open  *turn // that takes text; nil: the next text begins one
}

// add adds text to the open turn. It returns the part that has the text now (nil: there is none), the text as it follows what is
// there, and the part before it if that takes no more text from now on.
func (q *turns) add(text string, by settings) (to *part, joined string, closed *part) {
	if q.open == nil {
		q.open = &turn{}
	}
	if text == "" {
		return nil, "", nil
	}
	q.open.asked = true
	joined = q.open.phrases.Join(text)
	last := q.lastOf(q.open)
	if last == nil || last.final || last.by != by {
		if last != nil && !last.final {
			last.final, closed = true, last
		}
		last = newPart(q.open, by)
		q.parts = append(q.parts, last)
	}
	last.text.Append(joined)
	return last, joined, closed
}

// length is how many characters all parts have.
func (q *turns) length() (characters int) {
	for _, p := range q.parts {
		characters += p.text.Len()
	}
	return characters
}

// lastOf is the last part of a turn; nil: it has none.
func (q *turns) lastOf(t *turn) *part {
	if n := len(q.parts); n > 0 && q.parts[n-1].turn == t {
		return q.parts[n-1]
	}
	return nil
}

// flush ends the open turn, or one without any text. It returns the part that takes no more text from now on, and the turn if
// all of it has been spoken.
func (q *turns) flush() (closed *part, over *turn) {
	t := q.open
	if t == nil {
		t = &turn{}
	}
	q.open, t.flushed = nil, true
	switch last := q.lastOf(t); {
	case last != nil:
		last.final = true
		return last, nil
	case len(q.parts) == 0:
		return nil, t
	}
	// Its done goes after what is spoken before it.
	empty := newPart(t, settings{})
	empty.final = true
	q.parts = append(q.parts, empty)
	return nil, nil
}

// next is the part to speak; nil: there is none.
func (q *turns) next() *part {
	if len(q.parts) == 0 {
		return nil
	}
	return q.parts[0]
}

// end takes the first part out, whose generation has spoken its text up to a character, in so much audio. Text that came too late
// for it is spoken by another one. over: it was its turn's last.
func (q *turns) end(spoken int, audio time.Duration) (over bool) {
	p := q.parts[0]
	p.turn.spoken += audio
	if late := p.text.From(spoken); late != "" {
		next := newPart(p.turn, p.by)
		next.text.Append(late)
		next.final = p.final
		q.parts[0] = next
		return false
	}
	q.parts = q.parts[1:]
	if len(q.parts) == 0 {
		q.parts = nil // its array too
	}
	return p.turn.flushed && (len(q.parts) == 0 || q.parts[0].turn != p.turn)
}
