package rime

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as what speaks on it sees it.
type line struct {
	*emulator
	socket *websocket.Conn
	name   string
	idle   *time.Timer    // closes a socket that is quiet; nil: none does
	wg     sync.WaitGroup // all that the connection has begun
}

func (e *emulator) newLine(socket *websocket.Conn, name string) *line {
	l := &line{emulator: e, socket: socket, name: name}
	if d := e.idleTime(); d > 0 {
		l.idle = time.AfterFunc(d, l.close)
	}
	return l
}

// stir puts the idle close off.
func (l *line) stir() {
	if l.idle != nil {
		l.idle.Reset(l.idleTime())
	}
}

func (l *line) send(o engine.Object) {
	l.stir()
	engine.Send(l.socket, o)
}

// close closes the socket by the code that is drawn, as none is documented. The client may have gone.
func (l *line) close() { _ = l.socket.Close(websocket.StatusCode(l.quirks.closeCode), "") }

// read gives each message to take, until the connection is over or take has had enough.
func (l *line) read(take func(kind websocket.MessageType, data []byte) (more bool)) {
	if l.idle != nil {
		defer l.idle.Stop()
	}
	for {
		kind, data, err := l.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		l.stir()
		if !take(kind, data) {
			l.close()
			return
		}
	}
}

// sender sends what a stream of a connection says.
func (l *line) sender(id string) engine.Sender {
	return engine.Sender{
		Server: l.server, Socket: l.socket, Index: l.server.Begin(id), Fault: l.server.CurrentFault(),
		Chunk: l.quirks.chunk, Odd: l.quirks.oddChunks, Closes: &l.wg,
	}
}
