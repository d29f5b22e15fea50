package vendorsocket

import (
	"context"

	"voicerelay/upstream"
)

// Account is what all providers have in common that keep their vendor's sockets in a Pool. It is embedded in them.
type Account struct {
	Caps upstream.Capabilities
	Pool *Pool
	// Ahead bounds what the streams hold together.
	Ahead *Ahead
}

// NewAccount makes the pool: as cfg says, but for what caps and env do, which is how many streams share a socket, how
// sockets are dialled, how many are opened ahead, and who logs.
func NewAccount(cfg PoolConfig, env upstream.Env, caps upstream.Capabilities, d Dialect) Account {
	cfg.StreamsPerSocket = caps.StreamsPerSocket
	cfg.Socket.HTTP, cfg.Socket.Awake = env.HTTP, env.Awake
	cfg.Warm, cfg.Log = env.Warm, env.Log
	return Account{Caps: caps, Pool: NewPool(d, cfg), Ahead: new(Ahead)}
}

// Capabilities says what the vendor can do.
func (a *Account) Capabilities() upstream.Capabilities { return a.Caps }

// Sockets counts the open ones.
func (a *Account) Sockets() (idle, busy int) { return a.Pool.Sockets() }

// Warm opens sockets ahead: where the address depends on the streams, from the first of them on.
func (a *Account) Warm(ctx context.Context) { a.Pool.Warm(ctx) }

// Close ends all sockets.
func (a *Account) Close() error {
	a.Pool.Close()
	return nil
}
