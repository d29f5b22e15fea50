package uplift

import (
	"context"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// run keeps the connection while its client answers, and clears up after it.
func (e *engineConnection) run() {
	var waiter sync.WaitGroup
	waiter.Go(e.awaitNamespace)
	e.heartbeat()
	e.end()
	e.applying.Lock()
	e.leave()
	e.applying.Unlock()
	waiter.Wait()
}

// take applies a packet of the client's. One that makes no sense ends the connection, as with Engine.IO's server.
func (e *engineConnection) take(packet string) {
	e.applying.Lock()
	defer e.applying.Unlock()
	switch {
	case e.life.Err() != nil:
	case packet == enginePong:
		select {
		case e.pong <- struct{}{}:
		default: // no one has asked
		}
	case strings.HasPrefix(packet, engineMessage):
		if !e.socketIO(packet[len(engineMessage):]) {
			e.end()
		}
	case packet == engineNoop:
	default: // a close, or nonsense
		e.end()
	}
}

// serve makes a WebSocket the transport, until either is over.
func (e *engineConnection) serve(conn *websocket.Conn) {
	conn.SetReadLimit(enginePayload)
	stop := context.AfterFunc(e.life, func() { _ = conn.CloseNow() }) // ends reader and writer
	defer stop()
	var writer sync.WaitGroup
	writer.Go(func() { e.write(conn) })
	for {
		kind, data, err := conn.Read(context.Background())
		if err != nil || kind != websocket.MessageText {
			break
		}
		e.take(string(data))
	}
	e.end()
	writer.Wait()
}
