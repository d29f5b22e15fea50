package tests

import (
	"errors"
	"slices"
	"time"

	"github.com/coder/websocket"
)

// await waits for a message, among those that have come as well as those to come.
func (c *client) await(what string, wanted func(message) bool) message {
	c.t.Helper()
	return c.awaitFrom(0, what, wanted)
}

// mark is a place in the log, for awaitFrom.
func (c *client) mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.log)
}

// awaitFrom waits for a message that came after a mark.
func (c *client) awaitFrom(mark int, what string, wanted func(message) bool) message {
	c.t.Helper()
	return c.awaitWithin(deadline, mark, what, wanted)
}

func (c *client) awaitWithin(limit time.Duration, mark int, what string, wanted func(message) bool) message {
	c.t.Helper()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		c.mu.Lock()
		news, changed, over := c.log[mark:], c.changed, c.over
		c.mu.Unlock()
		if i := slices.IndexFunc(news, wanted); i >= 0 {
			return news[i]
		}
		mark += len(news)
		if over != nil {
			c.fail("waiting for %s: the connection ended: %v", what, over)
		}
		select {
		case <-changed:
		case <-timeout.C:
			c.fail("waiting for %s: nothing within %v", what, limit)
		}
	}
}

// of is for await: the first message of a kind about a generation.
func of(kind, id string) func(message) bool {
	return func(m message) bool { return m.kind == kind && m.ID == id }
}

func (c *client) accepted(id string) message {
	c.t.Helper()
	return c.await("accepted "+id, of("accepted", id))
}

func (c *client) started(id string) message {
	c.t.Helper()
	return c.await("started "+id, of("started", id))
}

func (c *client) done(id string) message { c.t.Helper(); return c.await("done "+id, of("done", id)) }

// completed waits for a generation's end, which must be a good one.
func (c *client) completed(id string) message {
	c.t.Helper()
	m := c.done(id)
	if m.Reason != "completed" {
		c.fail("generation %s %s, want completed", id, m.Reason)
	}
	return m
}

// failure waits for a generation's end, which must be a failure with this code.
func (c *client) failure(id, code string) message {
	c.t.Helper()
	m := c.done(id)
	if m.Reason != "failed" || m.Error.Code != code {
		c.fail("generation %s %s with %+v, want failed with %s", id, m.Reason, m.Error, code)
	}
	return m
}

// refusal waits for the next error after a mark, which must have this code.
func (c *client) refusal(mark int, code string) message {
	c.t.Helper()
	m := c.awaitFrom(mark, "error", func(m message) bool { return m.kind == "error" })
	if m.Code != code {
		c.fail("error %s, want %s", m.Code, code)
	}
	return m
}

// barrier returns when the relay has handled everything sent before, and everything it answered with at once is here.
func (c *client) barrier() {
	c.t.Helper()
	mark := c.mark()
	c.send(j{"type": "ping", "id": "barrier"})
	c.awaitFrom(mark, "pong", func(m message) bool { return m.kind == "pong" })
}

// unanswered checks that nothing but audio and the like of running generations has come since a mark.
func (c *client) unanswered(mark int) {
	c.t.Helper()
	c.barrier()
	c.mu.Lock()
	news := c.log[mark:]
	c.mu.Unlock()
	if i := slices.IndexFunc(news, func(m message) bool { return m.kind == "error" || m.kind == "spoken" }); i >= 0 {
		c.fail("want no answer, got %v", news[i])
	}
}

// closed waits for the relay to close the connection with a code.
func (c *client) closed(code websocket.StatusCode) {
	c.t.Helper()
	c.closedWithin(deadline, code)
}

func (c *client) closedWithin(limit time.Duration, code websocket.StatusCode) {
	c.t.Helper()
	if got := c.overWithin(limit); websocket.CloseStatus(got) != code {
		c.fail("the connection ended with %v, want close code %d", got, code)
	}
}

// overWithin waits for the connection's end, which thereby is an expected one.
func (c *client) overWithin(limit time.Duration) error {
	c.t.Helper()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		c.mu.Lock()
		changed, over := c.changed, c.over
		c.excused = c.excused || over != nil && !errors.As(over, &breach{})
		c.mu.Unlock()
		if over != nil {
			return over
		}
		select {
		case <-changed:
		case <-timeout.C:
			c.fail("the connection is still open after %v", limit)
		}
	}
}

// about is every message of a generation so far.
func (c *client) about(id string) []message {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ms []message
	for _, m := range c.log {
		if m.ID == id {
			ms = append(ms, m)
		}
	}
	return ms
}

// everything is all messages so far.
func (c *client) everything() []message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// audio is all audio of a generation so far, as samples without a header.
func (c *client) audio(id string) ([]int16, format) {
	var data []byte
	var f format
	for _, m := range c.about(id) {
		if m.kind == "started" {
			f = m.Output
		}
		data = append(data, m.Audio...)
	}
	if f.Encoding == "wav" && len(data) > 0 {
		data = data[len(wavHeader(f.Rate)):]
	}
	return f.samples(data), f
}

// words is every word announced for a generation so far.
func (c *client) words(id string) []timedWord {
	var words []timedWord
	for _, m := range c.about(id) {
		words = append(words, m.Words...)
	}
	return words
}
