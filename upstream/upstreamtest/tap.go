package upstreamtest

import (
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Tap is a pool of sockets whose frames a test reads in the place of their readers. A vendor's first frame that is no
// greeting gives its socket's Mux away.
type Tap struct {
	Pool  *vendorsocket.Pool
	Muxes chan *vendorsocket.Mux
}

// NewTap opens sockets to a vendor that plays the script, until the test ends.
func NewTap(tb testing.TB, d vendorsocket.Dialect, cfg vendorsocket.PoolConfig, script func(*Conn)) *Tap {
	tb.Helper()
	vendor := NewVendor(script)
	t := &Tap{Muxes: make(chan *vendorsocket.Mux, 1)}
	cfg.Socket.HTTP, cfg.Log = vendor.Client(), zerolog.Nop()
	t.Pool = vendorsocket.NewPool(t.tapped(d), cfg)
	tb.Cleanup(func() {
		t.Pool.Close()
		vendor.Close()
	})
	return t
}

// SaysOne is the script of a vendor that says an empty object and reads on, or the streams would come to a halt.
func SaysOne(c *Conn) {
	c.SendRaw([]byte("{}"))
	for _, open := c.Next(); open; _, open = c.Next() {
	}
}

// tapped is the dialect with its frames given to the tap. It greets where the dialect does.
func (t *Tap) tapped(d vendorsocket.Dialect) vendorsocket.Dialect {
	switch g := d.(type) {
	case vendorsocket.Greeter:
		return greeting{tapped{d, t.Muxes}, g}
	case vendorsocket.KeyGreeter:
		return keyGreeting{tapped{d, t.Muxes}, g}
	}
	return tapped{d, t.Muxes}
}

type tapped struct {
	vendorsocket.Dialect
	muxes chan *vendorsocket.Mux
}

func (d tapped) Frame(m *vendorsocket.Mux, _ bool, _ []byte) *upstream.Error {
	select {
	case d.muxes <- m:
	default: // a socket that came in another's place, of which no test asks
	}
	return nil
}

type greeting struct {
	tapped
	vendorsocket.Greeter
}

type keyGreeting struct {
	tapped
	vendorsocket.KeyGreeter
}
