package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Client is a connection to a relay that is made again whenever it breaks. Its methods may be called at any time, by any
// goroutine.
type Client struct {
	// Static after Dial.
	config Config
	cancel context.CancelFunc
	wake   chan struct{} // holds one: there may be no current link

	mu      sync.Mutex         // guards what follows; taken before a speech's and a link's own
	current *link              // where new speeches go; nil: it is being connected
	links   map[*link]struct{} // the current one, and those of relays that are going away
	waiting []*Speech          // for a link
	spoken  int64              // speeches so far
	ready   protocol.Ready     // of the link adopted last
	fault   error              // why nothing more can be spoken

	wg sync.WaitGroup // every goroutine of this client
}

// Close ends all speeches and the connection, and waits for what runs.
func (c *Client) Close() {
	c.fail(ErrClosed)
	c.cancel()
	c.wg.Wait()
}

// run runs f in a goroutine of the client. It reports false, and doesn't, if the client is closed.
func (c *Client) run(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(c.fault, ErrClosed) {
		return false
	}
	c.wg.Go(f)
	return true
}

// place gives a speech to the current link, or has it wait for one: also where others wait, so that none overtakes another.
func (c *Client) place(s *Speech) {
	for {
		c.mu.Lock()
		l := c.current
		waits := len(c.waiting) > 0
		c.mu.Unlock()
		if l == nil || waits {
			c.queue(s)
			return
		}
		if s.attach(l) {
			return
		}
		// The link ended in between, and is no longer the current one: retire comes before close.
	}
}

// queue has a speech wait for a link.
func (c *Client) queue(s *Speech) {
	c.mu.Lock()
	fault := c.fault
	if fault == nil {
		s.waitsSince = time.Now()
		c.waiting = append(c.waiting, s)
	}
	c.mu.Unlock()
	if fault != nil {
		s.end(nil, fault)
		return
	}
	c.notify()
}

// notify has keep look what there is to do.
func (c *Client) notify() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// expire ends what has waited for too long, with why there is no connection.
func (c *Client) expire(err error) {
	c.mu.Lock()
	var expired []*Speech
	c.waiting = slices.DeleteFunc(c.waiting, func(s *Speech) bool {
		over := s.isEnded()
		if time.Since(s.waitsSince) > c.config.Patience {
			expired, over = append(expired, s), true
		}
		return over
	})
	c.mu.Unlock()
	for _, s := range expired {
		s.end(nil, err)
	}
}

// fail ends the client: nothing more can be spoken. The first reason counts.
func (c *Client) fail(err error) {
	c.mu.Lock()
	if c.fault == nil || errors.Is(err, ErrClosed) {
		c.fault = err
	}
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	for _, s := range waiting {
		s.end(nil, err)
	}
}

// retire has new speeches go elsewhere.
func (c *Client) retire(l *link) {
	c.mu.Lock()
	l.retired = true
	if c.current == l {
		c.current = nil
	}
	c.mu.Unlock()
	c.notify()
}

// lost deals with what was running on a link that has ended.
func (c *Client) lost(l *link, cause error) {
	c.retire(l)
	c.mu.Lock()
	delete(c.links, l)
	closed := errors.Is(c.fault, ErrClosed)
	c.mu.Unlock()
	err := fmt.Errorf("%w: %w", ErrLost, describe(cause))
	if closed {
		err = ErrClosed
	}
	for _, s := range l.close(err) {
		if s.repeatable() && s.losses.Add(1) < mostLosses {
			c.queue(s)
			continue
		}
		s.end(nil, err)
	}
}

// Speak starts a speech. What the relay refuses shows where the speech is ranged over. When ctx ends the speech is
// canceled and ends with ctx's cause.
func (c *Client) Speak(ctx context.Context, r Request) (*Speech, error) {
	return c.speak(ctx, r, nil)
}

// SpeakStream starts a speech of text that comes bit by bit, after the request's own. Speaking begins as soon as there
// is enough to begin with. An error of the text's cancels the speech, which ends with it. text should end with ctx, since
// Close waits for it.
func (c *Client) SpeakStream(ctx context.Context, r Request, text iter.Seq2[string, error]) (*Speech, error) {
	r.Open = true
	return c.speak(ctx, r, text)
}

func (c *Client) speak(ctx context.Context, r Request, text iter.Seq2[string, error]) (*Speech, error) {
	if r.ID != "" && !protocol.ValidID(r.ID) { // a refusal could not name it
		return nil, &protocol.Error{Code: protocol.CodeInvalidRequest, Param: "generation_id", Message: "the speech's id is not valid"}
	}
	s := newSpeech(c.config, r, c.run)
	c.mu.Lock()
	if c.fault != nil {
		defer c.mu.Unlock()
		return nil, c.fault
	}
	c.spoken++
	s.number = c.spoken
	c.wg.Go(func() { s.watch(ctx) })
	if text != nil {
		c.wg.Go(func() { s.feed(text) })
	}
	c.mu.Unlock()
	c.place(s)
	return s, nil
}

// Ready is what the relay said of itself when it was connected to last: its limits and formats.
func (c *Client) Ready() protocol.Ready {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}
