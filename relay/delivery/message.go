package delivery

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Message is one WebSocket message on its way to the client. Messages are pooled: the sender that takes one from the outbox
// releases it after it is written.
type Message struct {
	Buf     []byte // room for the frame's header, and the body
	Kind    websocket.MessageType
	Samples int64     // audio in it, on the output's clock
	Audio   bool      // it has audio though no samples: the rest of a compressed stream
	Queued  time.Time // when it could have been sent; set for audio only
	Last    bool      // the end of its generation
	place   *place    // of that generation in its context, which ends with this message; nil: it has none
	Rest    bool      // asks a stage for what it keeps; nothing that a client gets
	next    *Message
}

// messagePong marks a pong's payload.
const messagePong websocket.MessageType = 0xa

// maxHeader is the longest header of a WebSocket frame from a server, which masks nothing.
const maxHeader = 10

// finalFrame marks a frame that is a whole message (RFC 6455, section 5.2).
const finalFrame = 0x80

// rooms are the sizes of pooled messages, header included. The steps waste a third of a message at most. No frame that
// vendors are known to send is larger than the last (200 ms of 24 kHz PCM in base64).
var rooms = [...]int{512, 768, 1 << 10, 3 << 9, 2 << 10, 3 << 10, 4 << 10, 6 << 10, 8 << 10, 12 << 10, 16 << 10, 24 << 10, 32 << 10}

var messagePools [len(rooms)]sync.Pool // of messages with that room

// NewMessage is a message with room for a header and a body of so many bytes, which is appended to Buf.
func NewMessage(kind websocket.MessageType, size int) *Message {
	size += maxHeader
	at := 0
	for at < len(rooms) && rooms[at] < size {
		at++
	}
	if at == len(rooms) {
		return &Message{Kind: kind, Buf: make([]byte, maxHeader, size)}
	}
	if m, ok := messagePools[at].Get().(*Message); ok {
		m.Kind = kind
		return m
	}
	return &Message{Kind: kind, Buf: make([]byte, maxHeader, rooms[at])}
}

// TextMessage is one of a generation's messages.
func TextMessage(body []byte) *Message {
	m := NewMessage(websocket.MessageText, len(body))
	m.Buf = append(m.Buf, body...)
	return m
}

// OwnMessage is one of the connection's own messages. It has just the room that it needs, since thousands may wait.
func OwnMessage(kind websocket.MessageType, body []byte) *Message {
	buf := make([]byte, maxHeader+len(body))
	copy(buf[maxHeader:], body)
	return &Message{Kind: kind, Buf: buf}
}

// Release gives a message back to its pool, if it has one.
func (m *Message) Release() {
	for at, room := range rooms {
		if cap(m.Buf) == room {
			*m = Message{Buf: m.Buf[:maxHeader]}
			messagePools[at].Put(m)
			return
		}
	}
}

// Body is what the client gets of a message.
func (m *Message) Body() []byte { return m.Buf[maxHeader:] }

// isMark reports whether the message is an end that says nothing: it only gives the lane's turn to the next one.
func (m *Message) isMark() bool { return m.Last && len(m.Body()) == 0 }

// frame is the message as a WebSocket frame, whose header is put in the room before the body.
func (m *Message) frame() []byte {
	n := len(m.Body())
	var at int // where the header begins
	switch {
	case n < 126:
		at = maxHeader - 2
		m.Buf[at+1] = byte(n)
	case n < 1<<16:
		at = maxHeader - 4
		m.Buf[at+1] = 126
		binary.BigEndian.PutUint16(m.Buf[at+2:], uint16(n))
	default:
		at = maxHeader - 10
		m.Buf[at+1] = 127
		binary.BigEndian.PutUint64(m.Buf[at+2:], uint64(n))
	}
	m.Buf[at] = finalFrame | byte(m.Kind)
	return m.Buf[at:]
}

// queue is a list of messages in order.
type queue struct {
	head, tail *Message
	samples    int64 // in all of them
}

func (q *queue) push(m *Message) {
	q.samples += m.Samples
	if q.tail == nil {
		q.head = m
	} else {
		q.tail.next = m
	}
	q.tail = m
}

func (q *queue) pop() *Message {
	m := q.head
	q.samples -= m.Samples
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
		bytes += len(m.Body())
		m.Release()
	}
	return bytes
}
