package vendorsocket

import (
	"net/http"
	"time"

	"voicerelay/upstream"
)

// Dialect is what a Pool must know of a vendor's wire. It is safe for concurrent use.
type Dialect interface {
	// Address is where to connect, for streams of a key, or for none yet where the key is empty.
	Address(key string) (url string, header http.Header)
	// Frame reads a frame and hands it to the member that it is for, which m.Member finds. Its error is the
	// socket's: it ends all its streams. Only the socket's reader calls it; data is valid during the call.
	Frame(m *Mux, binary bool, data []byte) *upstream.Error
	// KeepAlive is the frame that keeps a stream of this id from timing out, or nil. Members that are Keepers are
	// asked themselves.
	KeepAlive(id string) []byte
	// Closed says what the vendor's close code means for the streams on the socket; -1: it closed without one.
	Closed(code int) *upstream.Error
	// Refused says what an HTTP status other than 101 at the handshake means.
	Refused(status int) upstream.Kind
}

// Explainer is a Dialect whose vendor closes for many reasons with one code.
type Explainer interface {
	// ClosedBecause is Closed for a close that has a reason, which is the vendor's text: no error may tell it.
	ClosedBecause(code int, reason string) *upstream.Error
}

// Greeter is a Dialect whose vendor wants words exchanged on a new socket before any stream's.
type Greeter interface {
	// Greet answers a frame that comes before the socket is ready: with a reply unless that is nil, and with ready
	// once streams may speak. Its error gives the socket up. data is valid during the call only.
	Greet(binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error)
}

// KeyGreeter is a Dialect whose vendor wants words on a new socket that depend on the streams' key. It is no Greeter.
type KeyGreeter interface {
	// GreetKey is what Greet is for a Greeter, on a socket for streams of that key.
	GreetKey(key string, binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error)
}

// Namer is a Greeter, or a KeyGreeter, whose vendor names the connection in a greeting.
type Namer interface {
	// ConnectionID is the name in a frame that Greet has taken; empty: it has none. data is valid during the call only.
	ConnectionID(data []byte) string
}

// Expirer is a Greeter whose vendor says in a greeting how long it keeps the connection.
type Expirer interface {
	// Life is for how long streams may begin on the socket, by a frame that Greet has taken; 0: the frame says nothing of it.
	// data is valid during the call only.
	Life(data []byte) time.Duration
}

// greeting is how the dialect answers what comes on a new socket before it is ready; nil: such a socket is ready at once.
func greeting(d Dialect, key string) func(binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	switch g := d.(type) {
	case KeyGreeter:
		return func(binary bool, data []byte) ([]byte, bool, *upstream.Error) { return g.GreetKey(key, binary, data) }
	case Greeter:
		return g.Greet
	}
	return nil
}

// closed says what a close means for the streams on the socket.
func closed(d Dialect) func(code int, reason string) *upstream.Error {
	if e, ok := d.(Explainer); ok {
		return e.ClosedBecause
	}
	return func(code int, _ string) *upstream.Error { return d.Closed(code) }
}
