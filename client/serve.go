package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// serve reads a link until it ends, and deals with what was running on it.
func (c *Client) serve(ctx context.Context, l *link) {
	reading, cancel := context.WithCancel(ctx)
	var pings sync.WaitGroup
	pings.Go(func() { l.ping(reading) })
	err := c.readLoop(ctx, l)
	cancel()
	_ = l.conn.CloseNow() // it only says that it was closed already
	pings.Wait()
	c.lost(l, err)
}

func (c *Client) readLoop(ctx context.Context, l *link) error {
	for {
		kind, data, err := l.read(ctx)
		if err != nil {
			return err
		}
		if kind == websocket.MessageBinary {
			err = l.audio(data)
		} else {
			err = c.take(ctx, l, data)
		}
		if err != nil && !errors.Is(err, protocol.ErrUnknownEvent) { // a newer relay may say more
			return err
		}
	}
}

// audio hands a frame to its speech. data is the frame's own.
func (l *link) audio(data []byte) error {
	head, samples, err := protocol.ParseAudioBinary(data)
	if err != nil {
		return err
	}
	if s := l.speech(head.GenerationID); s != nil {
		start := time.Duration(head.StartMS) * time.Millisecond
		s.push(Audio{Seq: head.Seq, Start: start, Samples: int(head.Samples), Data: samples}, len(data))
	}
	return nil
}

// take acts on a JSON message.
func (c *Client) take(ctx context.Context, l *link, data []byte) error {
	e, err := protocol.DecodeEvent(data)
	if err != nil {
		return err
	}
	switch e := e.(type) {
	case protocol.Started:
		l.push(e.GenerationID, e, len(data))
	case protocol.Timestamps:
		l.push(e.GenerationID, e, len(data))
	case protocol.Rerouted:
		l.push(e.GenerationID, e, len(data))
	case protocol.Done:
		l.answerDone(e)
		if s := l.release(e.GenerationID); s != nil {
			s.end(&e, nil)
		}
	case protocol.SpokenEvent:
		l.answer(e.GenerationID, e.Spoken)
	case protocol.Draining:
		c.retire(l)
	case *protocol.Error:
		c.refused(ctx, l, e)
	}
	return nil
}

func (l *link) push(id string, e Event, message int) {
	if s := l.speech(id); s != nil {
		s.push(e, message)
	}
}

// refused acts on a command that the relay did not take.
func (c *Client) refused(ctx context.Context, l *link, e *protocol.Error) {
	switch e.Command {
	case "generate":
		l.excuse(e.GenerationID)
		if s := l.release(e.GenerationID); s != nil {
			c.turnedDown(ctx, l, s, e)
		}
	case "append", "flush", "finish":
		if s := l.speech(e.GenerationID); s != nil {
			s.refusal.CompareAndSwap(nil, e)
		}
	case "cancel":
		l.answerError(e)
	}
}

// turnedDown decides what becomes of a speech whose generate was refused. A relay that is going away and one that has not
// noticed yet how the speech's former connection ended are no reason to give up. Only called by the reader, which doesn't
// wait for another connection to take the speech.
func (c *Client) turnedDown(ctx context.Context, l *link, s *Speech, e *protocol.Error) {
	switch {
	case e.Code == protocol.CodeDraining:
		c.retire(l)
		c.queue(s)
	case e.Code == protocol.CodeDuplicateRequest && e.First != nil && e.First.State == "running" && s.mayRetry(c.config.Patience):
		wait := c.config.Backoff.after(s.sends())
		again := func() {
			sleep(ctx, wait)
			c.queue(s) // which ends it, at the client's end
		}
		if !c.run(again) {
			s.end(nil, ErrClosed)
		}
	default:
		s.end(nil, e)
	}
}
