package client

import (
	"context"
	"slices"
	"time"
)

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
		if l = c.reconnect(ctx, l.number+1, &failures); l != nil {
			c.adopt(l)
		}
	}
}

// awaitLoss waits until there is no current link, and has it take what comes to wait in that time. It reports false at the
// client's end.
func (c *Client) awaitLoss(ctx context.Context) bool {
	for {
		c.mu.Lock()
		l, waits := c.current, len(c.waiting) > 0
		if waits {
			c.current = nil // what is spoken now goes after it
		}
		c.mu.Unlock()
		switch {
		case l == nil:
			return true
		case waits:
			c.catchUp(l)
			continue
		}
		select {
		case <-ctx.Done():
			return false
		case <-c.wake:
		}
	}
}

// reconnect tries until there is a link, beginning with the relay of that number; nil: there never will be.
func (c *Client) reconnect(ctx context.Context, first int, failures *int) *link {
	for {
		if !c.pause(ctx, c.config.Backoff.after(*failures)) {
			return nil
		}
		l, err := c.config.connect(ctx, first)
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

// pause waits between two tries, for less where somebody waits for speech. It reports false where ctx ended first.
func (c *Client) pause(ctx context.Context, d time.Duration) bool {
	for began := time.Now(); ; {
		c.mu.Lock()
		if len(c.waiting) > 0 {
			d = min(d, longestWaited)
		}
		c.mu.Unlock()
		timer := time.NewTimer(d - time.Since(began))
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
			return true
		case <-c.wake:
			timer.Stop()
		}
	}
}

// adopt has a new link take what waits, in the order in which it was spoken, and makes it the current one.
func (c *Client) adopt(l *link) {
	c.mu.Lock()
	c.links[l], c.ready = struct{}{}, l.ready
	c.mu.Unlock()
	c.catchUp(l)
}

// catchUp has a link that is adopted, and not the current one, take what waits, and makes it that, unless it was retired
// meanwhile.
func (c *Client) catchUp(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) > 0 && !l.retired {
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
	if !l.retired {
		c.current = l
	}
}
