package vendorsocket

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"

	"voicerelay/tcp"
)

// maxHandshakeHeader is a vendor's cookies and all.
const maxHandshakeHeader = 64 << 10

// newClient is a client for handshakes alone. It keeps no connection of a refused one, and speaks HTTP/1 only.
func newClient(handshake time.Duration) *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer(handshake),
		TLSHandshakeTimeout:    handshake,
		TLSClientConfig:        &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHandshakeHeader,
	}}
}

func dialer(handshake time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: handshake}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return tcp.New(conn), nil
	}
}

// cutTransport has a connection's end, in the middle of a frame, look like what it is. The WebSocket library takes an
// io.EOF of the connection for the frame's, where a read has just been satisfied, and hands over half a frame as
// a whole one.
type cutTransport struct {
	next http.RoundTripper // nil: http.DefaultTransport
}

// RoundTrip does a handshake.
func (t cutTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok && resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body = cutConn{conn}
	}
	return resp, nil
}

// cutConn is a connection whose end is never io.EOF.
type cutConn struct{ io.ReadWriteCloser }

// Read reads from the connection.
func (c cutConn) Read(b []byte) (int, error) {
	n, err := c.ReadWriteCloser.Read(b)
	if err == io.EOF { //nolint:errorlint // a connection's end is the bare value
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
