package deepgram

import (
	"context"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// speak does what is ordered, until the connection is over.
func (c *connection) speak(ctx context.Context) {
	for ctx.Err() == nil {
		item, speech, ok := c.next(ctx)
		if !ok {
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
			continue
		}
		if !c.do(speech, item) && speech.Err() == nil {
			c.quiet(item)
			continue
		}
		if !c.answer(item) {
			return
		}
	}
}

// next takes an item, with a context that a Clear ends.
func (c *connection) next(ctx context.Context) (item job, speech context.Context, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return item, nil, false
	}
	item, c.queue = c.queue[0], c.queue[1:]
	speech, c.halt = context.WithCancel(ctx)
	return item, speech, true
}

// quiet ends an item that met its fault.
func (c *connection) quiet(item job) {
	item.turn.dead = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halt()
	c.halt = nil
	c.finish(item.turn)
}

// do speaks an item's text, and reports whether nothing went wrong.
func (c *connection) do(ctx context.Context, item job) bool {
	if item.turn == nil || item.turn.dead {
		return true
	}
	if c.broken(ctx, item.turn) {
		return false
	}
	characters := int64(utf8.RuneCountInString(item.text))
	c.server.Stream(item.turn.index, func(s *engine.Stream) { s.Charge += characters * charMicros })
	return !engine.Speakable(item.text) || c.voice(ctx, item.turn, item.text)
}

// answer says that an item is done. It reports false where that ends the connection.
// Flushed comes after the turn's last audio, and is its only end mark: audio frames bear no ids.
func (c *connection) answer(item job) bool {
	c.mu.Lock()
	stopped := c.halt != nil && c.cutLocked()
	c.halt()
	c.halt = nil
	if item.then != thenNothing || stopped {
		c.finish(item.turn)
	}
	c.mu.Unlock()
	switch {
	case item.then == thenFlushed && stopped && !c.quirks.clearFlushed:
	case item.then == thenFlushed && item.turn == nil && !c.quirks.emptyFlush:
	case item.then == thenFlushed:
		c.send(engine.Object{"type": "Flushed", "sequence_id": c.sequence(&c.flushed)})
	case item.then == thenCleared:
		c.sendStale()
		c.send(engine.Object{"type": "Cleared", "sequence_id": c.sequence(&c.cleared)})
	case item.then == thenClose:
		c.close(closeReason{websocket.StatusNormalClosure, ""})
		return false
	}
	return true
}

// cutLocked reports whether a Clear has come for what is being spoken: it then waits to be answered.
func (c *connection) cutLocked() bool {
	for _, item := range c.queue {
		if item.then == thenCleared {
			return true
		}
	}
	return false
}

// sequence counts an answer.
// Whether the two have one row of numbers or one each, and from 0 or 1, is not documented.
func (c *connection) sequence(own *int) int {
	if c.quirks.oneSequence {
		own = &c.flushed
	}
	n := *own
	*own++
	return n
}

// sendStale sends audio that was under way when a Clear came.
// Until Cleared any audio is stale, and nothing but the order of frames says so.
func (c *connection) sendStale() {
	for range c.quirks.staleFrames {
		n := min(len(c.rest), c.chunkSize(nil))
		if n == 0 {
			break
		}
		c.sendAudio(c.rest[:n])
		c.rest = c.rest[n:]
	}
	c.rest = nil
}

// voice sends a text's audio, and reports whether that is all of it.
// There are no word times on this socket.
func (c *connection) voice(ctx context.Context, t *turn, text string) bool {
	spoken := c.server.Say(ctx, text, true, c.server.Options().Seed+uint64(t.samples), c.settings.speed)
	switch t.fault.Kind {
	case engine.Empty:
		return true
	case engine.WrongLength:
		spoken = engine.CutShort(spoken, t.fault)
	}
	delay := c.server.Options().FirstAudio
	if t.fault.Kind == engine.Late && !t.spoke {
		delay += t.fault.After
	}
	t.spoke = true
	if !engine.Pause(ctx, delay) {
		return false
	}
	raw, err := engine.Encode(spoken.PCM, c.settings.format)
	if err != nil {
		c.close(closeReason{websocket.StatusInternalError, "NET-0000"})
		return false
	}
	return c.sendAll(ctx, t, raw, int64(len(spoken.PCM)))
}

// sendAll sends audio at the options' pace, and reports whether nothing went wrong.
func (c *connection) sendAll(ctx context.Context, t *turn, raw []byte, samples int64) bool {
	c.pacer.Pace = c.server.Options().Pace
	if t.fault.Kind == engine.Slow {
		c.pacer.Pace = 0.5
	}
	c.pacer.Resume()
	start, f, size := t.samples, c.settings.format, c.chunkSize(t)
	for c.rest = raw; len(c.rest) > 0; {
		n := min(size, len(c.rest))
		if !c.pacer.Wait(ctx, audio.Duration(int64(n/f.BytesPerSample()), f.Rate)) {
			return false
		}
		c.sendAudio(c.rest[:n])
		c.rest = c.rest[n:]
		t.samples = start + samples*int64(len(raw)-len(c.rest))/int64(len(raw))
		c.server.Stream(t.index, func(s *engine.Stream) { s.Audio = audio.Duration(t.samples, engine.NativeRate) })
		if c.broken(ctx, t) {
			return false
		}
	}
	return true
}

// chunkSize is the bytes of a frame of audio, of a turn where there is one.
func (c *connection) chunkSize(t *turn) int {
	f := c.settings.format
	size := max(1, int(audio.Samples(c.quirks.chunk, f.Rate))) * f.BytesPerSample()
	if c.quirks.oddChunks || t != nil && t.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

// sendAudio sends a frame of audio, which is binary and says nothing else.
// It is raw audio without a header, and no frame tells its format.
func (c *connection) sendAudio(raw []byte) {
	if !c.told && c.quirks.metadata == "audio" {
		c.sendMetadata()
	}
	c.told = true
	_ = c.socket.Write(context.Background(), websocket.MessageBinary, raw) // the reader notices a client that has gone
}

// broken plays the fault when its time has come. It reports whether the turn is over, by that or by ctx.
// Whether an Error closes the socket is not documented.
func (c *connection) broken(ctx context.Context, t *turn) bool {
	if audio.Duration(t.samples, engine.NativeRate) < t.fault.After {
		return ctx.Err() != nil
	}
	switch t.fault.Kind {
	case engine.Stall:
		<-ctx.Done() // the client clears, or leaves
	case engine.Drop:
		_ = c.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		c.wg.Go(func() { c.close(closeReason{websocket.StatusCode(t.fault.Code), ""}) }) // that is the fault
	case engine.ErrorFrame:
		c.send(engine.Object{"type": "Error", "code": t.fault.Name, "description": "The request failed"})
		if c.quirks.errorCloses {
			c.wg.Go(func() { c.close(closeReason{websocket.StatusInternalError, t.fault.Name}) })
		}
	case engine.Garbage:
		engine.SendGarbage(c.socket)
	default:
		return ctx.Err() != nil
	}
	return true
}
