package vendorsocket

import (
	"bytes"
	"cmp"
	"context"
	"net/http"

	"github.com/coder/websocket"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// Dial opens a socket; Run must be called on it, or Fail. ctx bounds the handshake only. kind tells what an HTTP
// status other than 101 means. The error is an *Error and tells neither URL nor header.
func Dial(ctx context.Context, url string, header http.Header, cfg SocketConfig, kind func(status int) upstream.Kind) (*Socket, error) {
	cfg = cfg.withDefaults()
	ctx, cancel := cfg.Awake.WithTimeout(ctx, cfg.Handshake)
	defer cancel()
	client := *cfg.HTTP
	client.Transport = cutTransport{client.Transport}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	conn, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: &client, HTTPHeader: header, Subprotocols: cfg.Subprotocols,
	})
	if err != nil {
		refused := upstream.Refused(ctx, resp, err, kind)
		refused.RequestID = upstream.RequestIDHeader(resp, cfg.RequestIDHeader)
		return nil, refused
	}
	conn.SetReadLimit(cfg.ReadLimit)
	return &Socket{
		cfg: cfg, conn: conn, out: make(chan [][]byte, batches), over: make(chan struct{}),
		name: upstream.RequestIDHeader(resp, cfg.RequestIDHeader),
	}, nil
}

// greet exchanges what the vendor wants first. ctx bounds it, and the handshake's time. It is called before Run;
// where it fails the socket has ended.
func (s *Socket) greet(ctx context.Context, d Dialect, key string) *upstream.Error {
	greet := greeting(d, key)
	if greet == nil {
		return nil
	}
	ctx, cancel := s.cfg.Awake.WithTimeout(ctx, s.cfg.Handshake)
	defer cancel()
	defer context.AfterFunc(ctx, func() { s.Fail(unconnected(ctx, "no greeting in time")) })()
	names, _ := d.(Namer)
	expires, _ := d.(Expirer)
	for ready := false; !ready; {
		binary, data, err := s.read()
		if err != nil {
			s.Fail(lost(err, closed(d)))
			return s.Reason()
		}
		var reply []byte
		var fault *upstream.Error
		if reply, ready, fault = greet(binary, data); fault != nil {
			s.Fail(fault)
			return s.Reason()
		}
		if names != nil {
			s.name = cmp.Or(upstream.RequestID(names.ConnectionID(data)), s.name)
		}
		if expires != nil {
			s.life = cmp.Or(expires.Life(data), s.life)
		}
		if ready {
			s.greeting = bytes.Clone(data)
		}
		if reply != nil && s.conn.Write(context.Background(), s.kind(), reply) != nil {
			s.Fail(&upstream.Error{Kind: upstream.Dropped, Message: "connection lost"})
		}
	}
	return s.Reason() // ctx may have ended at the same time
}

// unconnected is why a stream has no socket whose wait for one has ended with a context: late says what took too long.
func unconnected(ctx context.Context, late string) *upstream.Error {
	if !awake.TimedOut(ctx) {
		return &upstream.Error{Kind: upstream.Canceled, Message: "cancelled while connecting", Err: context.Cause(ctx)}
	}
	return &upstream.Error{Kind: upstream.ConnectFailed, Class: upstream.ClassTimeout, Message: late, Err: context.Cause(ctx)}
}
