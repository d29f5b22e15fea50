package uplift

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
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

// engineIO serves /socket.io/.
// Codes and texts of the refusals are those of Engine.IO's own server.
func (u *emulator) engineIO(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	transport, sid := query.Get("transport"), query.Get("sid")
	u.mu.Lock()
	e := u.engines[sid]
	u.mu.Unlock()
	socket := transport == "websocket"
	switch {
	case query.Get("EIO") != "4":
		engineRefuse(w, 5, "Unsupported protocol version")
	case !socket && transport != "polling":
		engineRefuse(w, 0, "Transport unknown")
	case sid == "" && r.Method != http.MethodGet:
		engineRefuse(w, 2, "Bad handshake method")
	case sid == "" && socket:
		u.openSocket(w, r)
	case sid == "":
		u.openPolling(w)
	case e == nil:
		engineRefuse(w, 1, "Session ID unknown")
	case socket:
		e.upgrade(w, r)
	case r.Method == http.MethodGet:
		e.poll(w, r)
	case r.Method == http.MethodPost:
		e.post(w, r)
	default:
		engineRefuse(w, 3, "Bad request")
	}
}

// engineRefuse answers as Engine.IO's server does.
func engineRefuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(engine.Object{"code": code, "message": message}) // the client may have gone
}

// openEngine begins a connection, which lives until its end is called or its client stops answering.
func (u *emulator) openEngine(socket bool) *engineConnection {
	e := &engineConnection{
		emulator: u, sid: u.nextID("lv_"), socket: socket,
		out: make(chan packet, engineQueue), pong: make(chan struct{}, 1), joined: make(chan struct{}),
	}
	e.life, e.end = context.WithCancel(u.server.Context())
	u.mu.Lock()
	u.engines[e.sid] = e
	u.mu.Unlock()
	u.server.Note(func(st *engine.Stats) { st.Sockets++; st.OpenSockets++ })
	u.server.Go(e.run)
	return e
}

// hello is the open packet.
func (e *engineConnection) hello(upgrades []string) string {
	body, _ := json.Marshal(engine.Object{ // strings and numbers only
		"sid": e.sid, "upgrades": upgrades, "pingInterval": e.quirks.ping.Milliseconds(),
		"pingTimeout": e.quirks.pingTimeout.Milliseconds(), "maxPayload": enginePayload,
	})
	return engineOpen + string(body)
}

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
	e.emulator.mu.Lock()
	delete(e.engines, e.sid)
	e.emulator.mu.Unlock()
	e.server.Note(func(st *engine.Stats) { st.OpenSockets-- })
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

// openSocket serves a connection that begins as a WebSocket.
func (u *emulator) openSocket(w http.ResponseWriter, r *http.Request) {
	conn, ok := u.server.Accept(w, r)
	if !ok {
		return
	}
	e := u.openEngine(true)
	e.push(e.life, packet{text: e.hello([]string{})})
	e.serve(conn)
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
