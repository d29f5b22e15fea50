package rime

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// serve reads until the connection is over.
func (c *synthesizer) serve() {
	defer c.server.Connected()()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer func() {
		cancel()
		_ = c.socket.CloseNow() // frees a writer that is blocked
		c.wg.Wait()
		c.drop()
	}()
	c.wg.Go(func() { c.speak(ctx) })
	c.read(func(kind websocket.MessageType, data []byte) bool {
		var m ws3Message
		if kind != websocket.MessageText || json.Unmarshal(data, &m) != nil {
			return c.fail("Invalid message")
		}
		return c.take(m)
	})
}

// speak does what is ordered, until the connection is over.
func (c *synthesizer) speak(ctx context.Context) {
	for ctx.Err() == nil {
		item, ok := c.next()
		if !ok {
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
			continue
		}
		c.do(ctx, item)
		if item.last && ctx.Err() == nil {
			c.mu.Lock()
			c.finishLocked(item.turn)
			c.mu.Unlock()
		}
		if item.eos && (item.turn == nil || !item.turn.dead) {
			_ = c.socket.Close(websocket.StatusNormalClosure, "") // the client may have gone
		}
	}
}

func (c *synthesizer) next() (item order, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return item, false
	}
	item, c.queue = c.queue[0], c.queue[1:]
	c.speaking, c.ordered = item.turn, item.tag
	return item, true
}

// do speaks an item's text, and says that it is done. A synthesis of nothing is none: only a flush may be answered then.
func (c *synthesizer) do(ctx context.Context, item order) {
	t := item.turn
	if t != nil {
		t.sender.Send, t.sender.Fail = c.chunk, c.fault
	}
	if t != nil && (t.dead || t.sender.Broken(ctx)) {
		t.dead = ctx.Err() == nil
		return
	}
	if strings.TrimSpace(item.text) == "" {
		if item.flushed && c.quirks.emptyFlush {
			c.told(engine.Object{"type": "done"})
		}
		return
	}
	charge(&t.sender, item.text)
	if engine.Speakable(item.text) && !c.voice(ctx, t, item.text) {
		t.dead = ctx.Err() == nil
		return
	}
	c.told(engine.Object{"type": "done"})
}

// voice sends a synthesis's audio and times, and reports whether that is all of it. Times are seconds from its own first sample.
func (c *synthesizer) voice(ctx context.Context, t *turn, text string) bool {
	spoken, ok := t.sender.Say(ctx, text, c.settings.speed)
	if !ok {
		return false
	}
	encoder, err := c.settings.format.Encoder()
	if err != nil {
		c.fail("Invalid audioFormat")
		return false
	}
	raw := encoder.Encode(spoken.PCM)
	if len(spoken.PCM) > 0 {
		raw = append(raw, encoder.End()...)
	}
	words := spoken.Words
	if !c.settings.times {
		words = nil
	}
	if c.quirks.words == "before" {
		words = c.times(words, len(words))
	}
	ok = t.sender.Play(ctx, spoken.PCM, raw, c.settings.format.SampleSize(), func(of time.Duration) {
		if c.quirks.words == "among" {
			words = c.times(words, engine.BegunBy(words, of))
		}
	})
	if ok {
		c.times(words, len(words))
	}
	return ok
}

// times sends the times of the first words, and returns the others.
func (c *synthesizer) times(words []voice.WordTime, n int) []voice.WordTime {
	if n == 0 {
		return words
	}
	var texts []string
	var starts, ends []float64
	for _, w := range words[:n] {
		texts = append(texts, w.Text)
		starts = append(starts, w.Start.Round(time.Millisecond).Seconds())
		ends = append(ends, w.End.Round(time.Millisecond).Seconds())
	}
	c.told(engine.Object{"type": "timestamps", "word_timestamps": engine.Object{"words": texts, "start": starts, "end": ends}})
	return words[n:]
}

func (c *synthesizer) chunk(raw []byte) {
	c.told(engine.Object{"type": "chunk", "data": engine.ToBase64(raw)})
}

// told sends a message with a contextId, which is a tag and no stream: the latest wins (Rime's docs). Whether that is the latest
// when a text was ordered or when its audio goes out is not said.
func (c *synthesizer) told(o engine.Object) {
	c.mu.Lock()
	tag := c.ordered
	if c.quirks.tag == "sent" {
		tag = c.tag
	}
	c.mu.Unlock()
	if tag != nil {
		o["contextId"] = *tag
	}
	c.send(o)
}

// fault is the error that a fault asks for. It has no code, so that the fault's is its message.
func (c *synthesizer) fault(f engine.Fault) {
	if !c.fail(kindOf(f)) {
		c.wg.Go(c.close)
	}
}
