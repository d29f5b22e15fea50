package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"voicerelay/protocol"
)

// Client is a connection to a relay that is made anew whenever it breaks. Its methods may be called at any time, by any
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

// Dial connects to a relay. ctx bounds this first connection, which is tried once: what is wrong with an address or a
// key shows at once. Close the client when it is done with.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	l, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{config: cfg, wake: make(chan struct{}, 1), links: make(map[*link]struct{})}
	running, cancel := context.WithCancel(context.Background()) // until Close, however short ctx is
	c.cancel = cancel
	c.adopt(l)
	c.wg.Go(func() { c.keep(running, l) })
	return c, nil
}

// Close ends all speeches and the connection, and waits for what runs.
func (c *Client) Close() {
	c.fail(ErrClosed)
	c.cancel()
	c.wg.Wait()
}

// keep serves a link that was adopted, and connects again whenever there is none for what is spoken next.
func (c *Client) keep(ctx context.Context, l *link) {
	for failures := 0; l != nil; {
		born := time.Now()
		c.wg.Go(func() { c.serve(ctx, l) })
		if !c.awaitLoss(ctx) {
			return
		}
		// A relay that accepts and drops again at once is spared like one that does not accept.
		if failures++; time.Since(born) > c.config.Backoff.Most {
			failures = 1
		}
		if l = c.reconnect(ctx, &failures); l != nil {
			c.adopt(l)
		}
	}
}

// awaitLoss waits until there is no current link. It reports false at the client's end.
func (c *Client) awaitLoss(ctx context.Context) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-c.wake:
		}
		c.mu.Lock()
		lost := c.current == nil
		c.mu.Unlock()
		if lost {
			return true
		}
	}
}

// reconnect tries until there is a link; nil: there never will be.
func (c *Client) reconnect(ctx context.Context, failures *int) *link {
	for {
		if !sleep(ctx, c.config.Backoff.after(*failures)) {
			return nil
		}
		l, err := connect(ctx, c.config)
		switch {
		case err == nil:
			return l
		case final(err):
			c.fail(err)
			return nil
		}
		c.expire(err)
		*failures++
	}
}

// sleep reports false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// adopt has a link take what waits, in the order in which it was spoken, and makes it the current one.
func (c *Client) adopt(l *link) {
	c.mu.Lock()
	c.links[l], c.ready = struct{}{}, l.ready
	for len(c.waiting) > 0 {
		waiting := c.waiting
		c.waiting = nil
		c.mu.Unlock()
		slices.SortFunc(waiting, byNumber)
		for _, s := range waiting {
			if !s.attach(l) {
				c.queue(s) // for the next one
			}
		}
		c.mu.Lock()
	}
	c.current = l
	c.mu.Unlock()
}

// place gives a speech to the current link, or has it wait for one.
func (c *Client) place(s *Speech) {
	for {
		c.mu.Lock()
		l, fault := c.current, c.fault
		if l == nil && fault == nil {
			c.queueLocked(s)
		}
		c.mu.Unlock()
		switch {
		case fault != nil:
			s.end(nil, fault)
			return
		case l == nil || s.attach(l):
			return
		}
		// The link ended meanwhile, and is no longer the current one: retire comes before close.
	}
}

func (c *Client) queue(s *Speech) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queueLocked(s)
}

func (c *Client) queueLocked(s *Speech) {
	s.waitsSince = time.Now()
	c.waiting = append(c.waiting, s)
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
	if c.current == l {
		c.current = nil
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
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
		if s.repeatable() {
			c.place(s)
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

// SpeakStream starts a speech of text that comes bit by bit, behind the request's own. Speaking begins as soon as there
// is enough to begin with. An error of the text's cancels the speech, which ends with it. text should end with ctx, since
// Close waits for it.
func (c *Client) SpeakStream(ctx context.Context, r Request, text iter.Seq2[string, error]) (*Speech, error) {
	r.Open = true
	return c.speak(ctx, r, text)
}

func (c *Client) speak(ctx context.Context, r Request, text iter.Seq2[string, error]) (*Speech, error) {
	s := newSpeech(r, c.config.Backlog)
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
