package delivery

import "encoding/binary"

// maxHeader is the longest header of a WebSocket frame from a server, which masks nothing.
const maxHeader = 10

// finalFrame marks a frame that is a whole message (RFC 6455, section 5.2).
const finalFrame = 0x80

// Body is what the client gets of a message.
func (m *Message) Body() []byte { return m.Buf[maxHeader:] }

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
