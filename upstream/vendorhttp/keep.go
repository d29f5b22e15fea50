package vendorhttp

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// warmEvery is how often connections opened ahead are looked after. Many servers close one after some seconds without a
	// request, so a vendor gets as many greetings at most.
	warmEvery = 10 * time.Second
	// maxGreeting is how much of a greeting's answer is read, in bytes: a long list of models. A longer one costs the connection.
	maxGreeting = 4 << 20
)

// Warm opens the configured number of connections ahead, tries that once before it returns, and from then on keeps as many.
// ctx bounds the wait only. It is called once.
func (c *Client) Warm(ctx context.Context) {
	if c.cfg.Warm == 0 || c.cfg.Greeting == nil {
		return
	}
	tried := make(chan struct{})
	if !c.start(func() { c.keepWarm(tried) }) {
		return
	}
	select {
	case <-tried:
	case <-ctx.Done():
	}
}

// keepWarm keeps connections open ahead of need. It closes tried once it has tried.
func (c *Client) keepWarm(tried chan struct{}) {
	ticks := time.NewTicker(warmEvery)
	defer ticks.Stop()
	c.fill()
	close(tried)
	for {
		select {
		case <-c.life.Done():
			return
		case <-ticks.C:
			c.fill()
		}
	}
}

// fill opens the connections that are missing.
func (c *Client) fill() {
	wanted := c.cfg.Warm
	if c.multiplexed.Load() {
		wanted = 1
	}
	ctx, cancel := c.cfg.Awake.WithTimeout(c.life, 2*c.cfg.Connect)
	defer cancel()
	answers := make([]*http.Response, max(0, wanted-c.conns.count()))
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			resp, fault := c.do(ctx, *c.cfg.Greeting, new(atomic.Bool))
			if fault != nil && c.life.Err() == nil {
				c.cfg.Log.Warn().Err(fault).Msg("vendor connection not opened ahead")
			}
			answers[i] = resp
		})
	}
	wg.Wait()
	for _, resp := range answers { // not before all have come, since an answer that has been read leaves its connection to the next
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, maxGreeting) // else the connection is closed
			_ = resp.Body.Close()
		}
	}
}
