package client

import "context"

// Dial connects to a relay. ctx bounds this first connection. What is wrong with an address or a key shows at once, as a
// *protocol.Error or ErrUnreachable; relays that refuse for the time being are asked again, for Config.Patience at most. Close
// the client when it is done with.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	cfg.warnOfPlaintext()
	l, err := dialFirst(ctx, cfg)
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
