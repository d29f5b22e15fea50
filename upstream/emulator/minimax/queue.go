package minimax

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// queue is what a connection is told and has not spoken yet. The reader fills it, and the speaker empties it.
type queue struct {
	*line
	wake chan struct{} // holds one token while there may be something to do

	mu       sync.Mutex // guards what follows
	heard    time.Time  // when there was a sign of life in either direction
	buffer   string     // text that nothing has ordered yet
	since    time.Time  // when the last of it came
	jobs     []job
	turn     *turn // that the buffer belongs to; nil: none has begun
	turns    int
	over     bool // nothing more is taken
	speaking *turn
	halt     context.CancelFunc // stops what is being spoken; nil: nothing is
}

// job is what the speaker does next: speak a text, and then answer.
type job struct {
	turn *turn // nil: nothing was said
	text string
	then then
}

// then is what follows a text.
type then int

const (
	thenNothing then = iota
	thenFlushed
	thenCanceled
	thenFinished
)

// turn is what is said up to a flush, a stream of its own in the stats.
type turn struct {
	trace  string
	sender engine.Sender // owned by the speaker, but for its index
	dead   bool          // it has met its fault; owned by the speaker
	over   bool          // guarded by the queue's mu
}

// stir notes a sign of life.
func (c *queue) stir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
}

func (c *queue) stirred() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}

func (c *queue) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// finish takes no more.
func (c *queue) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.emptyLocked()
	if c.halt != nil {
		c.halt()
	}
}

// put adds a text, and reports whether there was room for it. On the older socket each text is a synthesis.
func (c *queue) put(text string, length int) (taken bool) {
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waitingLocked()+length > c.quirks.queue || len(c.jobs) >= maxSyntheses {
		return false
	}
	if c.turn == nil {
		c.beginLocked()
	}
	c.server.Stream(c.turn.sender.Index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
	c.buffer += text
	c.since = time.Now()
	whole := []string{c.buffer}
	if c.bidi {
		whole, c.buffer = c.quirks.cut(c.buffer)
	} else {
		c.buffer = ""
	}
	for _, text := range whole {
		c.jobs = append(c.jobs, job{turn: c.turn, text: text})
	}
	return true
}

// waitingLocked is the number of characters that are not spoken yet.
func (c *queue) waitingLocked() int {
	n := utf8.RuneCountInString(c.buffer)
	for _, item := range c.jobs {
		n += utf8.RuneCountInString(item.text)
	}
	return n
}

func (c *queue) beginLocked() {
	c.turns++
	c.turn = &turn{trace: fmt.Sprintf("%s.%d", c.name, c.turns)}
	c.turn.sender = engine.Sender{
		Server: c.server, Socket: c.socket, Index: c.server.Begin(c.turn.trace), Fault: c.server.CurrentFault(),
		Chunk: c.quirks.chunk, Odd: c.quirks.oddChunks, Closes: &c.wg,
	}
}

// order has all spoken that is buffered, and answered. It ends the turn.
func (c *queue) order(then then) {
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn != nil && then == thenFlushed {
		c.server.Stream(c.turn.sender.Index, func(s *engine.Stream) { s.Flushes++ })
	}
	c.jobs = append(c.jobs, job{turn: c.turn, text: c.buffer, then: then})
	c.turn, c.buffer = nil, ""
	c.over = c.over || then == thenFinished
}

// clear drops all that is not spoken, and stops what is.
// Late audio and the answer of an earlier flush may come before task_canceled, as others have seen.
func (c *queue) clear() {
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	var kept []job
	for _, item := range c.jobs {
		if item.then == thenCanceled || item.then == thenFlushed && c.quirks.cancelFlush {
			kept = append(kept, job{then: item.then})
		}
	}
	c.emptyLocked()
	c.jobs = append(kept, job{then: thenCanceled})
	if c.halt != nil {
		c.halt()
	}
}

// drop forgets all that is not spoken. The speaker is over.
func (c *queue) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finishLocked(c.speaking)
	c.emptyLocked()
}

func (c *queue) emptyLocked() {
	for _, item := range c.jobs {
		c.finishLocked(item.turn)
	}
	c.finishLocked(c.turn)
	c.jobs, c.turn, c.buffer = nil, nil, ""
}

// finishLocked ends a turn in the stats.
func (c *queue) finishLocked(t *turn) {
	if t != nil && !t.over {
		t.over = true
		c.server.Finish(t.sender.Index)
	}
}

func (c *queue) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// next takes a job, with a context that a cancel ends. Where there is none, wait is for how long the buffer may wait yet; 0: it
// holds nothing.
// After a silence text is spoken unasked, where there is enough of it. What is short waits for longer (MiniMax's docs).
func (c *queue) next(ctx context.Context) (item job, speech context.Context, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.jobs) == 0 && strings.TrimSpace(c.buffer) != "" {
		wait = c.quirks.backstop
		if utf8.RuneCountInString(c.buffer) >= c.quirks.enough {
			wait = c.quirks.silence
		}
		if wait = time.Until(c.since.Add(wait)); wait <= 0 {
			c.jobs = append(c.jobs, job{turn: c.turn, text: c.buffer})
			c.buffer = ""
		}
	}
	if len(c.jobs) == 0 {
		return item, nil, wait
	}
	item, c.jobs = c.jobs[0], c.jobs[1:]
	speech, c.halt = context.WithCancel(ctx)
	c.speaking = item.turn
	return item, speech, 0
}

// settle ends a job. It reports whether a cancel has come for it, which then waits to be answered.
func (c *queue) settle(item job) (canceled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halt()
	c.halt = nil
	for _, next := range c.jobs {
		canceled = canceled || next.then == thenCanceled
	}
	if item.then != thenNothing || canceled || c.over && len(c.jobs) == 0 {
		c.finishLocked(item.turn)
	}
	return canceled
}
