package vendorsocket

import (
	"context"

	"github.com/coder/websocket"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// Greeter is a Dialect whose vendor wants words exchanged on a new socket before any stream's.
type Greeter interface {
	// Greet answers a frame that comes before the socket is ready: with a reply unless that is nil, and with ready
	// once streams may speak. Its error gives the socket up. data is valid during the call only.
	Greet(binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error)
}

// greet exchanges what the vendor wants first. ctx bounds it, and the handshake's time. It is called before Run;
// where it fails the socket has ended.
func (s *Socket) greet(ctx context.Context, d Dialect) *upstream.Error {
	g, ok := d.(Greeter)
	if !ok {
		return nil
	}
	ctx, cancel := s.cfg.Awake.WithTimeout(ctx, s.cfg.Handshake)
	defer cancel()
	defer context.AfterFunc(ctx, func() { s.Fail(unconnected(ctx, "no greeting in time")) })()
	for ready := false; !ready; {
		binary, data, err := s.read()
		if err != nil {
			s.Fail(lost(err, closed(d)))
			return s.Reason()
		}
		var reply []byte
		var fault *upstream.Error
		if reply, ready, fault = g.Greet(binary, data); fault != nil {
			s.Fail(fault)
			return s.Reason()
		}
		if reply != nil && s.conn.Write(context.Background(), websocket.MessageText, reply) != nil {
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
