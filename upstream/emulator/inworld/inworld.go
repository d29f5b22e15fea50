package inworld

import (
	"context"
	"net/http"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Inworld.
var Vendor = engine.Vendor{Name: "inworld", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options()), requests: engine.Window{Most: maxRequests, Length: time.Second}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tts/v1/voice:streamBidirectional", e.connect)
	return mux, e.quirks
}

// connect checks the key and serves a connection until it ends. There is no greeting.
// That a bad key is refused by 401 at the upgrade is an assumption.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request) {
	wrong, status, inBand := (*failure)(nil), 0, false
	switch {
	case !e.goodKey(r):
		wrong, status, inBand = &failure{unauthenticated, "Invalid API key"}, http.StatusUnauthorized, e.quirks.badKeyInBand
	case e.enterSocket():
		defer e.leaveSocket()
	default:
		wrong, status, inBand = &failure{resourceExhausted, "Too many connections"}, http.StatusTooManyRequests, e.quirks.limitInBand
	}
	if wrong != nil {
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
	}
	if wrong != nil && !inBand {
		http.Error(w, wrong.message, status)
		return
	}
	socket, ok := e.server.Accept(w, r)
	if !ok {
		return
	}
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	c := &connection{line: line{emulator: e, socket: socket, turns: engine.NewTurns(e.quirks.serial)}, contexts: make(map[string]*speechContext)}
	if wrong != nil {
		c.fail(*wrong)
		c.close() // such a socket is good for nothing
		return
	}
	c.serve()
}
