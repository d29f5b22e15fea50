package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// The course of a round: utterances start, each at a moment of its own, so that their frames come evenly; the
// load settles; it is measured; every second utterance is cancelled, while the others speak to their end.
const (
	leastSpread  = 500 * time.Millisecond // of starts, and of cancels
	settleTime   = 500 * time.Millisecond
	speechMargin = 300 * time.Millisecond // that speech outlasts the last cancel
	overtime     = 20 * time.Second       // for what is late; then the round has failed
)

// startsASecond is the most. Calls do not all begin at once; a start costs what many frames do, and frames are measured.
const startsASecond = 1000

var errOvertime = errors.New("not everything was spoken in time")

// demand is what is to be spoken in a round.
type demand struct {
	generations int
	duration    time.Duration // that is measured
	count       bool          // what the relay allocates; asking it is in the way of the cancels that follow
}

// length is how long each utterance takes.
func (d demand) length() time.Duration {
	return d.spread() + settleTime + d.duration + d.spread() + speechMargin
}

// spread is how long the starts take, and how long the cancels.
func (d demand) spread() time.Duration {
	return max(leastSpread, time.Duration(d.generations)*time.Second/startsASecond)
}

// connect opens connections, some at a time.
func (b *bench) connect(ctx context.Context, p *path, count int) ([]*client, error) {
	const atOnce = 32
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clients := make([]*client, count)
	var wg sync.WaitGroup
	for first := range atOnce {
		wg.Go(func() {
			for i := first; i < count && ctx.Err() == nil; i += atOnce {
				c, err := dial(ctx, b.clock, p)
				if err != nil {
					cancel(err)
					return
				}
				clients[i] = c
			}
		})
	}
	wg.Wait()
	return clients, context.Cause(ctx)
}

func closeAll(clients []*client) {
	for _, c := range clients {
		if c != nil {
			c.close()
		}
	}
}

// crowd is utterances that are being spoken.
type crowd struct {
	wg    sync.WaitGroup
	fail  context.CancelCauseFunc // the first error ends all
	ctx   context.Context
	heard []*heard // by client; read after wait
}

// start has every client speak an utterance, and every second one cancel it once it has been measured.
func (b *bench) start(ctx context.Context, clients []*client, v *vendor, d demand) *crowd {
	c := &crowd{heard: make([]*heard, len(clients))}
	c.ctx, c.fail = context.WithCancelCause(ctx)
	for i, client := range clients {
		l := b.nextLine(v.speech(d.length()))
		delay := rand.N(d.spread())
		var stopAfter time.Duration
		if i%2 == 1 {
			stopAfter = d.spread() + settleTime + d.duration + rand.N(d.spread()) - delay
		}
		c.wg.Go(func() {
			err := pause(c.ctx, delay)
			if err == nil {
				c.heard[i], err = client.speakAndStop(c.ctx, l, stopAfter)
			}
			if err != nil {
				c.fail(err)
			}
		})
	}
	return c
}

// wait waits for all utterances to end, and tells why they could not.
func (c *crowd) wait() ([]*heard, error) {
	c.wg.Wait()
	defer c.fail(nil)
	return c.heard, context.Cause(c.ctx)
}

// speakAndStop has a text spoken, and cancels it after a while unless that is 0.
func (c *client) speakAndStop(ctx context.Context, l line, after time.Duration) (*heard, error) {
	if after == 0 {
		return c.speak(ctx, l)
	}
	var stoppedAt time.Duration
	var stopErr error
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() { // waited for below
		defer close(stopped)
		if stopErr = pause(ctx, after); stopErr == nil {
			stoppedAt, stopErr = c.stop(ctx, l.number)
		}
	}()
	h, err := c.speak(ctx, l)
	cancel()
	<-stopped
	if err == nil {
		err = stopErr // else it is but what follows from the other
	}
	if err != nil {
		return nil, err
	}
	h.stoppedAt = stoppedAt
	return h, nil
}

// nextLine is an utterance of that length that was not spoken before. Only called by the run's own goroutine.
func (b *bench) nextLine(speech time.Duration) line {
	b.number++
	return line{number: b.number, text: utteranceText(b.number, charactersFor(speech))}
}

// utteranceText is a text of that many characters. Its number is how the vendor knows it again.
func utteranceText(number, characters int) string {
	const words = "the caller hears one sentence after the other, spoken at the pace of a person. And so it goes on: "
	text := fmt.Sprintf("Utterance %d begins, and ", number)
	text += strings.Repeat(words, characters/len(words)+1)
	return strings.TrimRight(text[:characters], " ,.:") + "."
}
