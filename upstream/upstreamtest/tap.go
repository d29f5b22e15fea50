package upstreamtest

import (
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
)

// Tap is a pool of sockets whose frames a test reads in the place of their readers. A vendor's first frame that is no
// greeting gives its socket's Mux away.
type Tap struct {
	Pool  *upstream.Pool
	Muxes chan *upstream.Mux
}

// NewTap opens sockets to a vendor that plays the script, until the test ends.
func NewTap(tb testing.TB, d upstream.Dialect, cfg upstream.PoolConfig, script func(*Conn)) *Tap {
	tb.Helper()
	vendor := NewVendor(script)
	t := &Tap{Muxes: make(chan *upstream.Mux, 1)}
	cfg.Socket.HTTP, cfg.Log = vendor.Client(), zerolog.Nop()
	t.Pool = upstream.NewPool(t.tapped(d), cfg)
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
func (t *Tap) tapped(d upstream.Dialect) upstream.Dialect {
	if g, ok := d.(upstream.Greeter); ok {
		return greeting{tapped{d, t.Muxes}, g}
	}
	return tapped{d, t.Muxes}
}

type tapped struct {
	upstream.Dialect
	muxes chan *upstream.Mux
}

func (d tapped) Frame(m *upstream.Mux, _ bool, _ []byte) *upstream.Error {
	select {
	case d.muxes <- m:
	default: // a socket that came in another's place, of which no test asks
	}
	return nil
}

type greeting struct {
	tapped
	upstream.Greeter
}
