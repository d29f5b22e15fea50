package session

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// serve upgrades a request that bears no key, and serves it once its first message has shown one. It returns when the connection has
// become a session, or is over.
func (k *InnerKey) serve(on downstream.Server, w http.ResponseWriter, r *http.Request, h Handshake) *protocol.Error {
	leave, refused := k.few.Enter(on, r, "in their first message")
	if refused != nil {
		return refused
	}
	defer leave()
	s := &Session{On: on, began: time.Now()}
	_, s.cancel = context.WithCancelCause(context.Background()) // of nothing yet
	s.Remote, s.Trace = on.RemoteOf(r), downstream.TraceOf(r)
	bounds := limits.Default()
	bounds.MaxMessageBytes = maxKeyless
	s.connect(bounds, h)
	if err := s.Conn.Upgrade(w, r, h.Subprotocol); err != nil {
		return nil // it has been answered
	}
	waiting := keyless{s.Conn}
	if !on.Enroll(waiting) {
		s.Conn.Cut() // the relay began to drain during the upgrade
		return nil
	}
	defer on.Leave(waiting)
	patience := time.AfterFunc(keylessPatience, s.Conn.Cut)
	first, err := s.firstMessage()
	patience.Stop()
	if err != nil {
		s.hangUp()
		return nil
	}
	leave()                                                // before a wrong key is answered, which may take its time
	key, refused := on.Authenticate(r, k.find(first.data)) // which counts what it refuses
	if refused == nil {
		refused = k.begin(s, key, h, first)
	}
	if refused != nil {
		k.refuse(s, refused)
	}
	return nil
}

// begin makes a session of a connection whose key is known.
func (k *InnerKey) begin(s *Session, key *access.Key, h Handshake, first message) *protocol.Error {
	leave, refused := s.On.Connect(key)
	if refused != nil {
		return refused
	}
	if h.Admit != nil {
		if refused = h.Admit(key); refused != nil {
			leave()
			return refused
		}
	}
	s.Conn.Bind(h.bounds(key.Limits))
	s.become(key, h)
	s.first = first
	s.start(leave)
	return nil
}

// refuse tells a client why it is not served, and closes its connection.
func (k *InnerKey) refuse(s *Session, err *protocol.Error) {
	s.Send(k.tell(err))
	s.Conn.Shut(delivery.ClosePolicy, string(err.Code))
	s.Conn.Begin()
	for s.Conn.Read(func(websocket.MessageType, []byte) {}) == nil { // until the client has closed too, which has a deadline
	}
	s.Conn.End()
	s.Conn.Wait()
}

// firstMessage reads a connection's first message.
func (s *Session) firstMessage() (first message, err error) {
	err = s.Conn.Read(func(kind websocket.MessageType, data []byte) { first = message{kind, bytes.Clone(data)} })
	return first, err
}

// hangUp ends a connection of which nothing has come.
func (s *Session) hangUp() {
	s.Conn.Cut()
	s.Conn.End()
	s.Conn.Wait()
}

// keyless is a client that has shown no key yet. It has nothing that could be waited for.
type keyless struct{ conn *delivery.Conn }

var _ downstream.Client = keyless{}

// Drain implements downstream.Client.
func (c keyless) Drain(time.Duration) { c.conn.Cut() }

// SendAway implements downstream.Client.
func (c keyless) SendAway(time.Duration) { c.conn.Cut() }

// StopAll implements downstream.Client.
func (keyless) StopAll(*relay.StopCause) {}

// Cut implements downstream.Client.
func (c keyless) Cut() { c.conn.Cut() }

// ShutWithoutKey implements downstream.Client.
func (keyless) ShutWithoutKey() {}
