package rime

import (
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// synthesizer is one connection of /ws3, which speaks one thing at a time. Its reader takes messages, and one goroutine speaks.
type synthesizer struct {
	*line
	settings ws3Settings
	wake     chan struct{} // holds one token while there may be something to do

	mu     sync.Mutex // guards what follows
	buffer string     // text that nothing has ordered yet
	queue  []order
	turn   *turn   // that the text belongs to; nil: none has begun
	tag    *string // the contextId that came last
	turns  int
	over   bool // eos has come

	speaking *turn   // that an order was taken of last
	ordered  *string // its contextId
}

// order is what the speaker does next: speak a text, say that this is done, or end the connection.
type order struct {
	turn    *turn
	text    string
	tag     *string // the contextId when it was ordered
	last    bool    // of its turn
	flushed bool    // by the client
	eos     bool
}

// turn is what is said up to a flush, a stream of its own in the stats. Only the speaker uses what is not the sender's index.
type turn struct {
	sender engine.Sender
	dead   bool // it has met its fault
	over   bool // guarded by the connection's mu
}

// ws3Message is a text or an order of a client.
type ws3Message struct {
	Text      *string `json:"text"`
	ContextID *string `json:"contextId"`
	Operation string  `json:"operation"`
}

func newSynthesizer(l *line, s ws3Settings) *synthesizer {
	return &synthesizer{line: l, settings: s, wake: make(chan struct{}, 1)}
}

// take does what a message asks for, and reports whether the connection goes on.
func (c *synthesizer) take(m ws3Message) (more bool) {
	defer c.poke()
	c.mu.Lock()
	wrong := c.takeLocked(m)
	c.mu.Unlock()
	return wrong == "" || c.fail(wrong)
}

// takeLocked does it, or says what is wrong with it. After eos nothing is taken.
func (c *synthesizer) takeLocked(m ws3Message) (wrong string) {
	if c.over {
		return ""
	}
	if m.ContextID != nil {
		c.tag = m.ContextID
	}
	if m.Text != nil {
		if c.quirks.maxText > 0 && utf8.RuneCountInString(*m.Text) > c.quirks.maxText || len(c.queue) >= maxWaiting {
			return "Too much text"
		}
		c.appendLocked(*m.Text)
	}
	switch m.Operation {
	case "":
	case "flush":
		c.flushLocked()
	case "clear":
		c.clearLocked()
	case "eos":
		c.orderLocked(order{eos: true})
		c.over = true
	default:
		return "Invalid operation"
	}
	return ""
}

// fail sends an error, which has no code, and reports whether the connection goes on.
func (c *line) fail(message string) (more bool) {
	c.send(engine.Object{"type": "error", "message": message})
	return !c.quirks.errorCloses
}

// appendLocked adds a text, and orders what is spoken without a flush.
func (c *synthesizer) appendLocked(text string) {
	if text == "" {
		return
	}
	if c.turn == nil {
		c.beginLocked()
	}
	c.server.Stream(c.turn.sender.Index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
	c.buffer += text
	var whole []string
	switch c.settings.segment {
	case "immediate":
		whole, c.buffer = []string{c.buffer}, ""
	case "bySentence":
		if whole, c.buffer = sentencesOf(c.buffer); ended(c.buffer) {
			whole, c.buffer = append(whole, c.buffer), ""
		}
	}
	for _, text := range whole {
		c.queue = append(c.queue, order{turn: c.turn, text: text, tag: c.tag})
	}
}

// beginLocked begins a turn, under the client's own name where it has one. A name is no stream here: it may come again.
func (c *synthesizer) beginLocked() {
	c.turns++
	id := fmt.Sprintf("%s.%d", c.name, c.turns)
	if c.tag != nil && len(*c.tag) <= maxID {
		id = *c.tag
	}
	c.turn = &turn{sender: c.sender(id)}
}

// flushLocked has all spoken that is buffered, and answered.
func (c *synthesizer) flushLocked() {
	if c.turn != nil {
		c.server.Stream(c.turn.sender.Index, func(s *engine.Stream) { s.Flushes++ })
	}
	c.orderLocked(order{flushed: true})
}

// orderLocked orders all that is buffered, and what else the order asks for. It ends the turn.
func (c *synthesizer) orderLocked(item order) {
	item.turn, item.text, item.tag, item.last = c.turn, c.buffer, c.tag, true
	c.queue = append(c.queue, item)
	c.turn, c.buffer = nil, ""
}

// clearLocked drops the text that is buffered, and lets go on what is being spoken: whoever wants silence closes the socket.
func (c *synthesizer) clearLocked() {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: c.name, At: time.Now()}) })
	c.buffer = ""
	if c.turn != nil {
		c.orderLocked(order{}) // what has been ordered of it is all
	}
	if !c.quirks.clearsAll {
		return
	}
	for _, item := range c.queue {
		if item.last {
			c.finishLocked(item.turn)
		}
	}
	c.queue = nil
}

// finishLocked ends a turn in the stats.
func (c *synthesizer) finishLocked(t *turn) {
	if t != nil && !t.over {
		t.over = true
		c.server.Finish(t.sender.Index)
	}
}

// drop forgets all that is not spoken. The speaker is over. A client that leaves in the middle of a speech cancels it so.
func (c *synthesizer) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.speaking; t != nil && !t.over && !t.dead && c.server.Context().Err() == nil {
		c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: c.name, At: time.Now()}) })
	}
	c.finishLocked(c.speaking)
	for _, item := range c.queue {
		c.finishLocked(item.turn)
	}
	c.finishLocked(c.turn)
	c.queue = nil
}

func (c *synthesizer) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
