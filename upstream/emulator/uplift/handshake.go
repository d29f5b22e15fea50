package uplift

import (
	"context"
	"net/http"
	"sync"

	"voicerelay/upstream/emulator/engine"
)

// engines are the server's Engine.IO connections.
type engines struct {
	*emulator

	mu   sync.Mutex // guards what follows
	open map[string]*engineConnection
}

func newEngines(u *emulator) *engines {
	return &engines{emulator: u, open: make(map[string]*engineConnection)}
}

// serve serves /socket.io/.
// Codes and texts of the refusals are those of Engine.IO's own server.
func (u *engines) serve(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	transport, sid := query.Get("transport"), query.Get("sid")
	u.mu.Lock()
	e := u.open[sid]
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

// openEngine begins a connection, which lives until its end is called or its client stops answering.
func (u *engines) openEngine(socket bool) *engineConnection {
	e := &engineConnection{
		emulator: u.emulator, sid: u.nextID("lv_"), socket: socket,
		out: make(chan packet, engineQueue), pong: make(chan struct{}, 1), joined: make(chan struct{}),
	}
	e.life, e.end = context.WithCancel(u.server.Context())
	u.mu.Lock()
	u.open[e.sid] = e
	u.mu.Unlock()
	u.server.Note(func(st *engine.Stats) { st.Sockets++; st.OpenSockets++ })
	u.server.Go(func() {
		e.run()
		u.close(e)
	})
	return e
}

// openSocket serves a connection that begins as a WebSocket.
func (u *engines) openSocket(w http.ResponseWriter, r *http.Request) {
	conn, ok := u.server.Accept(w, r)
	if !ok {
		return
	}
	e := u.openEngine(true)
	e.push(e.life, packet{text: e.hello([]string{})})
	e.serve(conn)
}

// openPolling begins a connection by long polling, as Socket.IO's clients do by default.
// The vendor is not known to refuse polling, and no client of it needs that.
func (u *engines) openPolling(w http.ResponseWriter) {
	if fault := u.server.CurrentFault(); fault.Kind == engine.Refuse {
		u.server.Note(func(st *engine.Stats) { st.Refused++ })
		status := fault.Code
		if status >= 1000 {
			status = http.StatusServiceUnavailable // there is no close code on this way
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	e := u.openEngine(false)
	engineAnswer(w, e.hello([]string{"websocket"}))
}

// close forgets a connection that is over.
func (u *engines) close(e *engineConnection) {
	u.mu.Lock()
	delete(u.open, e.sid)
	u.mu.Unlock()
	u.server.Note(func(st *engine.Stats) { st.OpenSockets-- })
}
