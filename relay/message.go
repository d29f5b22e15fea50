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

// Room of pooled messages: of a generation's words and its end, and of a usual frame of audio. maxPooledMessage is twice
// the largest frame that vendors are known to send (200 ms of 24 kHz PCM in base64).
const (
	smallMessage     = 512
	pooledMessage    = 8 << 10
	maxPooledMessage = 32 << 10
)

var (
	smallPool   = sync.Pool{New: func() any { return &message{buf: make([]byte, maxHeader, smallMessage)} }}
	messagePool = sync.Pool{New: func() any { return &message{buf: make([]byte, maxHeader, pooledMessage)} }}
)

// newMessage has room for a header; the body is appended to buf. It is for audio.
func newMessage(kind websocket.MessageType) *message {
	m := messagePool.Get().(*message)
	m.kind = kind
	return m
}

// textMessage is one of a generation's messages.
func textMessage(body []byte) *message {
	if len(body) > smallMessage-maxHeader {
		return ownMessage(websocket.MessageText, body)
	}
	m := smallPool.Get().(*message)
	m.kind, m.buf = websocket.MessageText, append(m.buf, body...)
	return m
}

// ownMessage is one of the session's own messages. It has just the room that it needs, since thousands may wait.
func ownMessage(kind websocket.MessageType, body []byte) *message {
	buf := make([]byte, maxHeader+len(body))
	copy(buf[maxHeader:], body)
	return &message{kind: kind, buf: buf}
}

func (m *message) release() {
	var pool *sync.Pool
	switch size := cap(m.buf); {
	case size == smallMessage:
		pool = &smallPool
	case pooledMessage <= size && size <= maxPooledMessage:
		pool = &messagePool
	default:
		return
	}
	*m = message{buf: m.buf[:maxHeader]}
	pool.Put(m)
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

func (q *queue) clear() {
	for !q.empty() {
		q.pop().release()
	}
}
