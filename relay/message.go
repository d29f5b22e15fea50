package relay

import (
	"sync"
	"time"

	"github.com/coder/websocket"
)

// message is one WebSocket message on its way to the client. Messages are pooled: whoever takes one from
// the outbox releases it once it is written.
type message struct {
	buf     []byte // room for the frame's header, and the body
	kind    websocket.MessageType
	samples int64     // audio in it, on the output's clock
	queued  time.Time // when it could have been sent; set for audio only
	lane    *lane     // nil: the session's own
	last    bool      // the end of its lane's generation
	next    *message
}

// messagePong marks a pong's payload.
const messagePong websocket.MessageType = 0xa

// rooms are how much room pooled messages have, header included: a waiting message wastes a third of it at most, and no
// frame that vendors are known to send is larger than the last (200 ms of 24 kHz PCM in base64).
var rooms = [...]int{512, 768, 1 << 10, 3 << 9, 2 << 10, 3 << 10, 4 << 10, 6 << 10, 8 << 10, 12 << 10, 16 << 10, 24 << 10, 32 << 10}

var messagePools [len(rooms)]sync.Pool // of messages with that room

// newMessage has room for a header and a body of so many bytes, which is appended to buf.
func newMessage(kind websocket.MessageType, size int) *message {
	size += maxHeader
	at := 0
	for at < len(rooms) && rooms[at] < size {
		at++
	}
	if at == len(rooms) {
		return &message{kind: kind, buf: make([]byte, maxHeader, size)}
	}
	if m, ok := messagePools[at].Get().(*message); ok {
		m.kind = kind
		return m
	}
	return &message{kind: kind, buf: make([]byte, maxHeader, rooms[at])}
}

// textMessage is one of a generation's messages.
func textMessage(body []byte) *message {
	m := newMessage(websocket.MessageText, len(body))
	m.buf = append(m.buf, body...)
	return m
}

// ownMessage is one of the session's own messages. It has just the room that it needs, since thousands may wait.
func ownMessage(kind websocket.MessageType, body []byte) *message {
	buf := make([]byte, maxHeader+len(body))
	copy(buf[maxHeader:], body)
	return &message{kind: kind, buf: buf}
}

// release gives a message back, if it is of a pool.
func (m *message) release() {
	for at, room := range rooms {
		if cap(m.buf) == room {
			*m = message{buf: m.buf[:maxHeader]}
			messagePools[at].Put(m)
			return
		}
	}
}

// queue is a list of messages in order.
type queue struct{ head, tail *message }

func (q *queue) push(m *message) {
	if q.tail == nil {
		q.head = m
	} else {
		q.tail.next = m
	}
	q.tail = m
}

func (q *queue) pop() *message {
	m := q.head
	q.head = m.next
	if q.head == nil {
		q.tail = nil
	}
	m.next = nil
	return m
}

func (q *queue) empty() bool { return q.head == nil }

// clear releases all, and returns how many bytes that was.
func (q *queue) clear() (bytes int) {
	for !q.empty() {
		m := q.pop()
		bytes += len(m.body())
		m.release()
	}
	return bytes
}
