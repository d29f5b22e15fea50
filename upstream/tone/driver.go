package tone

import (
	"context"

	"voicerelay/upstream"
)

// Driver is the provider's entry in the list of drivers.
var Driver = upstream.NewDriver("tone", Config{Pace: 20}, func(cfg Config, env upstream.Env) (upstream.Provider, error) {
	return New(cfg, env), nil
})

// Open makes a stream.
func (p *Provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if ctx.Err() != nil {
		return nil, &upstream.Error{Kind: upstream.Canceled, Message: "cancelled before it began", Err: context.Cause(ctx)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, &upstream.Error{Kind: upstream.ConnectFailed, Message: "provider is closed"}
	case p.cfg.Fault.refuses():
		return nil, p.cfg.Fault.error()
	case p.cfg.Streams > 0 && p.stats.Open >= p.cfg.Streams:
		return nil, &upstream.Error{Kind: upstream.Throttled, Message: "all streams are taken"}
	}
	p.stats.Open++
	p.stats.Opened++
	p.stats.Requests = append(p.stats.Requests, req)
	s := newStream(p, req, sink)
	p.wg.Go(s.run)
	return s, nil
}
