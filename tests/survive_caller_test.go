package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// A caller speaks for one tenant, on a new connection whenever one has broken. Only its own goroutine uses it.
type caller struct {
	// Static after join.
	crowd        *crowd
	at           *atomic.Pointer[string]
	name, tenant string
	random       *rand.Rand

	asked int // generations so far, which number them
	conn  *websocket.Conn
	rules *contract
	asks  map[string]wish // of this connection, without an end
}

// wish is a generation that was asked for.
type wish struct {
	at    time.Time
	phase string
	way   way
}

// way is what a caller does with a generation.
type way int

const (
	whole    way = iota // the text at once
	inPieces            // the rest of the text once it is accepted
	cutShort            // cancelled at the first audio
)

func (c *caller) run() {
	for !c.crowd.stopped() {
		err := c.call()
		var broken breach
		switch {
		case errors.As(err, &broken):
			c.crowd.t.Errorf("%s: %v", c.name, err)
			return
		case err != nil && !c.crowd.kills:
			c.crowd.t.Errorf("%s: the connection ended: %v", c.name, err)
			return
		case err != nil:
			c.rest()
		}
	}
}

// rest is the pause before the next try to connect.
func (c *caller) rest() {
	pause := time.NewTimer(10 * time.Millisecond)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-c.crowd.over:
	}
}

// call is one connection: it returns nil when all that it began has ended.
func (c *caller) call() error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	options := websocket.DialOptions{HTTPHeader: bearer(proofKey(c.tenant))}
	conn, _, err := websocket.Dial(ctx, *c.at.Load()+"/v1/speech?audio=binary", &options)
	if err != nil {
		return err
	}
	conn.SetReadLimit(-1)
	defer func() {
		_ = conn.CloseNow() // only says that it was closed already
		c.crowd.note(func() { c.crowd.open[c] = 0 })
	}()
	c.conn, c.rules, c.asks = conn, newContract(true), map[string]wish{}
	for range c.crowd.each {
		if err := c.ask(); err != nil {
			return err
		}
	}
	for len(c.asks) > 0 {
		if err := c.read(); err != nil {
			return err
		}
	}
	return nil
}

// ask begins a generation.
func (c *caller) ask() error {
	c.asked++
	id := fmt.Sprint(c.name, "-", c.asked)
	a := wish{at: time.Now(), way: []way{whole, whole, whole, inPieces, cutShort}[c.random.IntN(5)]}
	c.crowd.note(func() { a.phase = c.crowd.phase })
	c.asks[id] = a
	return c.send(j{
		"type": "generate", "generation_id": id, "text": sentence(c.random.Uint64(), 2+c.random.IntN(10)), "final": a.way != inPieces,
	})
}

func (c *caller) send(cmd j) error {
	data, err := json.Marshal(cmd)
	if err == nil {
		err = c.rules.sent(data)
	}
	if err != nil {
		return breach{err}
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, data)
}

func (c *caller) read() error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	kind, data, err := c.conn.Read(ctx)
	if err != nil {
		return err
	}
	m, err := c.rules.received(data, kind == websocket.MessageBinary)
	if err != nil {
		return breach{err}
	}
	return c.take(m)
}

// take notes what a message says, and goes on as the generation's way is.
func (c *caller) take(m message) error {
	a := c.asks[m.ID]
	switch {
	case m.kind == "error":
		return breach{fmt.Errorf("refused: %s", m)}
	case m.kind == "accepted":
		c.crowd.note(func() {
			c.crowd.told[m.RecordID] = &told{generation: m.ID, tenant: c.tenant}
			c.crowd.open[c]++
		})
		if a.way == inPieces {
			return c.send(j{"type": "append", "generation_id": m.ID, "text": " lazy dog.", "final": true})
		}
	case m.kind == "audio" && m.Seq == 0:
		return c.first(m, a)
	case m.kind == "done":
		return c.end(m)
	}
	return nil
}

func (c *caller) first(m message, a wish) error {
	if a.way != inPieces {
		c.crowd.note(func() { c.crowd.firsts[a.phase] = append(c.crowd.firsts[a.phase], m.at.Sub(a.at)) })
	}
	if a.way == cutShort {
		return c.send(j{"type": "cancel", "generation_id": m.ID})
	}
	return nil
}

func (c *caller) end(m message) error {
	delete(c.asks, m.ID)
	c.crowd.note(func() {
		c.crowd.told[m.RecordID].end = &m
		c.crowd.open[c]--
	})
	if m.Reason == "failed" || !m.Usage.Recorded {
		return breach{fmt.Errorf("ended badly: %s", m)}
	}
	if c.crowd.stopped() {
		return nil
	}
	return c.ask()
}
