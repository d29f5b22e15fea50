package deepgram

import (
	"sync"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay/delivery"
)

// talk is the dialect on a client's connection.
type talk struct {
	// Static after newTalk.
	*session.Session
	srv     *host
	version *version
	asked   asked

	// Owned by the reader.
	strikes  session.Strikes
	controls controls

	mu       sync.Mutex // guards what follows
	wire     wire
	turns    turns
	order    *delivery.Turn // of what has not been cleared
	speed    float64        // of turns that begin
	phase    phase
	bridging bool // the client hears something now and then, however long a turn takes
}

// phase is how far a client has gone. It only grows.
type phase int

const (
	talking phase = iota
	closing       // the client has said Close: what it has said is still spoken
	left          // it has been told that all is said
)

func newTalk(srv *host, s *session.Session, v *version, a asked) *talk {
	return &talk{Session: s, srv: srv, version: v, asked: a, wire: v.newWire(), order: &delivery.Turn{}, speed: a.speed}
}

// send queues one of the session's own messages. All that a generation's end leads to is sent after its last audio was taken,
// and before the next turn may send, so it is in order.
func (t *talk) send(message any) { t.Send(downstream.Encode(message)) }
