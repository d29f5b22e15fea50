package upstream

import (
	"context"
	"net/url"
)

// Account is what all providers have in common that keep their vendor's sockets in a Pool. It is embedded in them.
type Account struct {
	Caps Capabilities
	Pool *Pool
	// Ahead bounds what the streams hold together.
	Ahead *Ahead
}

// NewAccount makes the pool: as cfg says, but for what caps and env do, which is how many streams share a socket, how
// sockets are dialled, how many are opened ahead, and who logs.
func NewAccount(cfg PoolConfig, env Env, caps Capabilities, d Dialect) Account {
	cfg.StreamsPerSocket = caps.StreamsPerSocket
	cfg.Socket.HTTP, cfg.Socket.Awake = env.HTTP, env.Awake
	cfg.Warm, cfg.Log = env.Warm, env.Log
	return Account{Caps: caps, Pool: NewPool(d, cfg), Ahead: new(Ahead)}
}

// Capabilities says what the vendor can do.
func (a *Account) Capabilities() Capabilities { return a.Caps }

// Sockets counts the open ones.
func (a *Account) Sockets() (idle, busy int) { return a.Pool.Sockets() }

// Warm opens sockets ahead: where the address depends on the streams, from the first of them on.
func (a *Account) Warm(ctx context.Context) { a.Pool.Warm(ctx) }

// Close ends all sockets.
func (a *Account) Close() error {
	a.Pool.Close()
	return nil
}

// Base is the vendor's address, below which an adapter finds its sockets. It may have a query. Its error is an *EnvError.
func (e Env) Base() (*url.URL, error) {
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, &EnvError{Field: "url", Reason: "must be ws://host or wss://host"} // it may bear a key
	}
	return u, nil
}

// EnvError is why a provider can't be opened: a setting beside its options is at fault.
type EnvError struct {
	// Field is the setting's name in the configuration.
	Field string
	// Reason says what it must be, and quotes nothing of it.
	Reason string
}

func (e *EnvError) Error() string { return e.Field + ": " + e.Reason }
