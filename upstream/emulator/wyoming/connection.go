package wyoming

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"voicerelay/upstream/emulator/engine"
)

// maxWaiting is how many events of a client may wait for the engine. A client that sends more waits.
const maxWaiting = 64

// connection is one client. Its reader takes events, and one goroutine does what they ask for.
type connection struct {
	*line
	wg     sync.WaitGroup
	events chan event // closed by the reader, behind its last

	// Owned by the speaker.
	text    string   // of the request whose text comes in chunks
	chunked *request // that request; nil: there is none
}

func newConnection(e *emulator, conn net.Conn) *connection {
	name := fmt.Sprintf("connection-%d", e.connections.Add(1))
	return &connection{line: &line{emulator: e, conn: conn, name: name}, events: make(chan event, maxWaiting)}
}

// serve reads until the connection is over. To close it is this protocol's only cancel.
func (c *connection) serve() {
	ctx, cancel := context.WithCancel(c.server.Context())
	c.wg.Go(func() {
		c.speakAll(ctx)
		cancel()
		_ = c.conn.Close() // ends the reader, if that has not ended the speaker
	})
	c.read(ctx)
	cancel()
	_ = c.conn.Close() // frees a writer that is blocked
	c.wg.Wait()
}

// read takes events until the connection ends, or has sent what is none.
func (c *connection) read(ctx context.Context) {
	defer close(c.events)
	r := bufio.NewReaderSize(c.conn, maxLine)
	for {
		e, err := readEvent(r)
		if err != nil {
			return
		}
		select {
		case c.events <- e:
		case <-ctx.Done():
			return
		}
	}
}

// speakAll does what the client asks for, one after the other, until either side ends the connection.
func (c *connection) speakAll(ctx context.Context) {
	defer c.leave(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-c.events:
			if !ok || !c.take(ctx, e) {
				return
			}
		}
	}
}

// leave ends what is left. A client that closes a connection which owes it something has thereby canceled it.
func (c *connection) leave(ctx context.Context) {
	left := ctx.Err() != nil
	if c.chunked != nil {
		c.chunked.finish(left)
	}
	for left && len(c.events) > 0 {
		if e := <-c.events; e.kind == "synthesize" {
			newRequest(c.line, e).finish(true)
		}
	}
}

// take does what an event asks for, and reports whether the connection goes on. Events of other kinds are dropped, as the library
// does.
func (c *connection) take(ctx context.Context, e event) bool {
	switch e.kind {
	case "describe":
		return c.send(info(c.quirks.streaming))
	case "ping":
		return !c.quirks.pongs || c.send(event{kind: "pong", data: e.data})
	case "synthesize":
		return c.chunked != nil || c.synthesize(ctx, e) // where the text comes in chunks, it is there for servers that know none
	case "synthesize-start", "synthesize-chunk", "synthesize-stop":
		return !c.quirks.streaming || c.takeChunked(ctx, e)
	}
	return true
}

// synthesize speaks a text: one start and one stop, however many sentences it has.
func (c *connection) synthesize(ctx context.Context, e event) bool {
	r := newRequest(c.line, e)
	text, _ := e.data["text"].(string)
	r.note(text)
	if r.wrong != "" {
		r.finish(false)
		return c.fail(r.wrong, "VoiceNotFoundError")
	}
	ok := r.speak(ctx, text)
	r.finish(!ok)
	return ok
}

// takeChunked takes a request's text in chunks. Each sentence has a start and a stop of its own, as soon as the next one has begun.
func (c *connection) takeChunked(ctx context.Context, e event) bool {
	if e.kind == "synthesize-start" {
		if c.chunked != nil {
			c.chunked.finish(false)
		}
		c.chunked, c.text = newRequest(c.line, e), ""
		if wrong := c.chunked.wrong; wrong != "" {
			return c.fail(wrong, "VoiceNotFoundError")
		}
		return true
	}
	if c.chunked == nil {
		return c.fail("", "AssertionError")
	}
	chunk, _ := e.data["text"].(string)
	last := e.kind == "synthesize-stop"
	if !last {
		c.chunked.note(chunk)
		c.text += chunk
	}
	for {
		sentence, rest := engine.FirstSentence(c.text)
		if sentence == "" || !engine.Speakable(rest) {
			break
		}
		c.text = rest
		if !c.chunked.speak(ctx, sentence) {
			return false
		}
	}
	if !last {
		return true
	}
	if strings.TrimSpace(c.text) != "" && !c.chunked.speak(ctx, c.text) {
		return false
	}
	c.chunked.finish(false)
	c.chunked, c.text = nil, ""
	return c.send(event{kind: "synthesize-stopped"})
}
