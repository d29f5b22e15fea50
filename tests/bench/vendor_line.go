package main

import (
	"fmt"
	"net"
	"time"
)

// writePatience is how long a reader may leave a frame untaken before the vendor gives its socket up.
const writePatience = 10 * time.Second

// vendorLine is a connection as its contexts see it.
type vendorLine struct {
	clock  clock
	every  time.Duration // from one frame of a context to the next; 0: as fast as they go
	spoken *utterances
	conn   net.Conn // beneath the WebSocket; each write is one whole frame, hence none is torn
}

// write sends a message. A connection that broke shows to the reader.
func (l *vendorLine) write(format string, args ...any) {
	l.writeFrame(textFrame(fmt.Appendf(nil, format, args...)))
}

func (l *vendorLine) writeFrame(frame []byte) {
	if _, err := l.conn.Write(frame); err != nil {
		_ = l.conn.Close() // so that the reader ends, and with it all contexts
	}
}
