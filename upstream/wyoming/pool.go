package wyoming

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/awake"
	"voicerelay/upstream"
)

const (
	// connectPatience bounds connecting.
	connectPatience = 10 * time.Second
	// maxIdle is how many connections without a stream are kept.
	maxIdle = 32
	// retryEvery is how often it is tried to open what could not be opened ahead.
	retryEvery = 10 * time.Second
)

// pool has a server's connections: one a stream, kept for the next.
type pool struct {
	// Static after newPool.
	at   endpoint
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	keep time.Duration // how long one is kept without a stream
	warm int           // how many are opened ahead
	time *awake.Clock
	log  zerolog.Logger
	life context.Context // the connections' own, ended by close
	end  context.CancelFunc
	kick chan struct{} // one that was opened ahead may have been taken

	// Guarded by mu.
	mu     sync.Mutex
	all    []*connection // open, those without a stream in the order in which they lost it
	closed bool

	wg sync.WaitGroup // connections, sweep and tend; grows only under mu while not closed
}

func newPool(at endpoint, keep time.Duration, env upstream.Env) *pool {
	p := &pool{
		at: at, dial: (&net.Dialer{}).DialContext, keep: keep, warm: env.Warm, time: env.Awake, log: env.Log,
		kick: make(chan struct{}, 1),
	}
	if env.HTTP != nil {
		if t, ok := env.HTTP.Transport.(*http.Transport); ok && t.DialContext != nil {
			p.dial = t.DialContext
		}
	}
	p.life, p.end = context.WithCancel(context.Background())
	p.wg.Go(p.sweep)
	return p
}

var errClosed = &upstream.Error{Kind: upstream.ConnectFailed, Message: "the provider is closed"}

// join gives a stream a connection: the one that was used last, or a new one. ctx bounds connecting. The error is an
// *upstream.Error.
func (p *pool) join(ctx context.Context, s listener) (*connection, error) {
	if c := p.takeIdle(s); c != nil {
		p.wake()
		return c, nil
	}
	return p.open(ctx, s)
}

// takeIdle gives a stream a connection that has none; nil: there is none.
func (p *pool) takeIdle(s listener) *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range slices.Backward(p.all) {
		if of, _, reason := c.state(); of == nil && reason == nil && c.give(s) {
			return c
		}
	}
	return nil
}

// open dials a connection, for a stream or, with nil, ahead of need.
func (p *pool) open(ctx context.Context, s listener) (*connection, error) {
	ctx, cancel := p.time.WithTimeout(ctx, connectPatience)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	conn, err := p.dial(ctx, p.at.network, p.at.address)
	if err != nil {
		return nil, upstream.Refused(ctx, nil, &url.Error{Err: err}, upstream.RefusedKind)
	}
	c := newConnection(conn)
	c.give(s)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.fail(errClosed)
		return nil, errClosed
	}
	p.all = append(p.all, c)
	p.wg.Go(func() {
		reason := c.run(p.time)
		p.remove(c)
		p.log.Debug().Err(reason).Msg("vendor connection ended")
	})
	return c, nil
}

// giveBack keeps a connection whose stream has come to its end. It is the last that the next stream would take.
func (p *pool) giveBack(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.give(nil)
	if i := slices.Index(p.all, c); i >= 0 {
		p.all = append(slices.Delete(p.all, i, i+1), c)
	}
}

func (p *pool) remove(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, func(other *connection) bool { return other == c })
}

// idles are the connections without a stream, the one that has been for longest first.
func (p *pool) idles() []*connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	var idles []*connection
	for _, c := range p.all {
		if of, _, reason := c.state(); of == nil && reason == nil {
			idles = append(idles, c)
		}
	}
	return idles
}

// count is how many connections have no stream, and how many have one.
func (p *pool) count() (idle, busy int) {
	idle = len(p.idles())
	p.mu.Lock()
	defer p.mu.Unlock()
	return idle, max(0, len(p.all)-idle)
}

// errIdle ends connections that no stream has; no stream gets to see it.
var errIdle = &upstream.Error{Kind: upstream.Canceled, Message: "idle"}

// doubt ends the connections without a stream, which may be dead without a sign: the server was silent on another one.
func (p *pool) doubt() {
	for _, c := range p.idles() {
		p.retire(c)
	}
}

// retire ends a connection, unless a stream has got it meanwhile.
func (p *pool) retire(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if of, _, _ := c.state(); of == nil {
		c.fail(errIdle)
	}
}

func (p *pool) wake() {
	select {
	case p.kick <- struct{}{}:
	default: // it will look anyway
	}
}

// sweep drops connections that are idle for too long, and the oldest of those that are too many, until the pool is closed.
func (p *pool) sweep() {
	ticks := time.NewTicker(p.keep / 4)
	defer ticks.Stop()
	for {
		select {
		case <-p.life.Done():
			return
		case <-ticks.C:
		}
		idles := p.idles()
		for i, c := range idles {
			if _, since, _ := c.state(); time.Since(since) >= p.keep || len(idles)-i > maxIdle {
				p.retire(c)
			}
		}
	}
}

// keepWarm opens the wanted number of connections ahead, tries that once before it returns, and from then on keeps as many.
// ctx bounds the wait only. It is called once.
func (p *pool) keepWarm(ctx context.Context) {
	if p.warm == 0 {
		return
	}
	tried := make(chan struct{})
	if !p.start(func() { p.tend(tried) }) {
		return
	}
	select {
	case <-tried:
	case <-ctx.Done():
	}
}

// tend keeps connections open ahead of need. It closes tried once it has tried.
func (p *pool) tend(tried chan<- struct{}) {
	ticks := time.NewTicker(retryEvery)
	defer ticks.Stop()
	p.fill()
	close(tried)
	for {
		select {
		case <-p.life.Done():
			return
		case <-ticks.C:
		case <-p.kick:
		}
		p.fill()
	}
}

// fill opens connections until as many as are wanted wait for a stream.
func (p *pool) fill() {
	for range p.warm - len(p.idles()) {
		if _, err := p.open(p.life, nil); err != nil {
			if p.life.Err() == nil {
				p.log.Warn().Err(err).Msg("vendor connection not opened ahead")
			}
			return
		}
	}
}

// start runs f in a goroutine that close waits for, unless the pool is closed.
func (p *pool) start(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Go(f)
	return true
}

// close ends all connections and waits for every goroutine.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	all := slices.Clone(p.all)
	p.mu.Unlock()
	p.end()
	for _, c := range all {
		c.fail(errClosed)
	}
	p.wg.Wait()
}
