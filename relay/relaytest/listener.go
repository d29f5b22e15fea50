package relaytest

import (
	"errors"
	"net"
)

// Listener accepts connections in memory that look like loopback ones.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
}

// NewListener has no connection yet.
func NewListener() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial opens a connection, and waits until it is accepted.
func (l *Listener) Dial() (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- loopbackConn{far}:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	select {
	case <-l.closed:
		return errors.New("closed twice")
	default:
		close(l.closed)
		return nil
	}
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return Loopback }

// Loopback is where a Listener and its clients seem to be.
var Loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}

type loopbackConn struct{ net.Conn }

func (loopbackConn) RemoteAddr() net.Addr { return Loopback }
