package limits

import "context"

// SkewedClock is a config whose scripts read Redis' clock put forward by the milliseconds at the key skew, so that
// time can pass on a real server.
func SkewedClock(cfg RedisConfig) RedisConfig {
	cfg.clock = luaFile("clock") + "\nnow_us = now_us + 1000 * tonumber(redis.call('GET', 'skew') or '0')"
	return cfg
}

// Sync does what the keeper does every third of a lease.
func (r *Redis) Sync(ctx context.Context) error { return r.keeper.sync(ctx, r.link.askBatch) }

// Most is the number that the gate lets in.
func (g *Gate) Most() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.most
}

// Inside is the number of places taken.
func (g *Gate) Inside() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inside
}
