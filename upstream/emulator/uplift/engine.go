package uplift

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Engine.IO's numbers: its server's defaults. The vendor's own are not known, but Socket.IO's clients must live with what the
// handshake tells them.
const (
	enginePayload     = 1_000_000 // bytes of a POST or a text frame
	engineUpgradeWait = 10 * time.Second
	engineNoopEvery   = 100 * time.Millisecond // lets a poll go that an upgrade waits for
	engineConnectWait = 45 * time.Second       // for a first namespace
	engineQueue       = 64                     // packets for a client that doesn't fetch them; then its requests wait
)

// Engine.IO's packet types. They are those of version 4 of the protocol.
const (
	engineOpen    = "0"
	engineClose   = "1"
	enginePing    = "2"
	enginePong    = "3"
	engineMessage = "4"
	engineUpgrade = "5"
	engineNoop    = "6"

	engineProbe     = "probe"
	engineSeparator = "\x1e" // between packets of one body
)

// packet is something for a client, in its turn: a packet, or what ends the connection.
type packet struct {
	text  string
	drop  bool // the connection breaks
	close int  // it is closed with this code
}

// engineConnection is one Engine.IO connection: long polling, a WebSocket, or the one upgraded to the other.
// Clients of Uplift pin the WebSocket, yet Socket.IO's client library begins by polling where no one tells it not to.
type engineConnection struct {
	*emulator
	// Static after openEngine.
	sid    string
	life   context.Context // of the connection
	end    context.CancelFunc
	out    chan packet   // taken by whichever transport is the current one
	pong   chan struct{} // holds one token when the client has answered a heartbeat
	joined chan struct{} // closed when the first namespace was let in

	applying  sync.Mutex // guards what follows, and keeps the client's packets one after the other; held while one waits for room in out
	session   *session
	namespace bool // a namespace was let in before

	mu      sync.Mutex // guards what follows
	socket  bool       // a WebSocket is the transport
	polling bool       // a poll is under way
}

// hello is the open packet.
func (e *engineConnection) hello(upgrades []string) string {
	body, _ := json.Marshal(engine.Object{ // strings and numbers only
		"sid": e.sid, "upgrades": upgrades, "pingInterval": e.quirks.ping.Milliseconds(),
		"pingTimeout": e.quirks.pingTimeout.Milliseconds(), "maxPayload": enginePayload,
	})
	return engineOpen + string(body)
}

// heartbeat asks the client for a sign of life again and again, and returns when there is none.
// In version 4 the server pings and the client has to answer; the library takes a server that does not ping for dead.
func (e *engineConnection) heartbeat() {
	for engine.Pause(e.life, e.quirks.ping) {
		ctx, cancel := context.WithTimeout(e.life, e.quirks.pingTimeout)
		e.push(ctx, packet{text: enginePing})
		select {
		case <-e.pong:
		case <-ctx.Done():
			cancel()
			return
		}
		cancel()
	}
}

// awaitNamespace ends a connection whose client joins none.
// Socket.IO's servers do so, since a client that joins no namespace has not shown its key.
func (e *engineConnection) awaitNamespace() {
	timer := time.NewTimer(engineConnectWait)
	defer timer.Stop()
	select {
	case <-e.joined:
	case <-e.life.Done():
	case <-timer.C:
		e.end()
	}
}

// push queues something for the client, or waits while it fetches nothing.
// So a client that does not read slows its own requests, and no other client's.
func (e *engineConnection) push(ctx context.Context, p packet) {
	select {
	case e.out <- p:
	case <-ctx.Done():
	case <-e.life.Done():
	}
}

// write sends what is queued.
func (e *engineConnection) write(conn *websocket.Conn) {
	for {
		select {
		case <-e.life.Done():
			return
		case p := <-e.out:
			switch {
			case p.drop:
				_ = conn.CloseNow() // the reader notices
			case p.close != 0:
				_ = conn.Close(websocket.StatusCode(p.close), "") // the client may have gone
			default:
				_ = conn.Write(e.life, websocket.MessageText, []byte(p.text)) // the reader notices
			}
		}
	}
}
