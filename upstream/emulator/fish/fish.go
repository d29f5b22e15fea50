package fish

import (
	"context"
	"fmt"
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Fish Audio.
var Vendor = engine.Vendor{Name: "fish", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/tts/live", func(w http.ResponseWriter, r *http.Request) { e.connect(w, r, false) })
	mux.HandleFunc("GET /v1/tts/live/with-timestamp", func(w http.ResponseWriter, r *http.Request) { e.connect(w, r, true) })
	return mux, e.quirks
}

// connect checks the key and serves a connection until it ends.
// What HTTP answers by a status, the upgrade may as well; the reference says so of neither. A client may also hear of it in the
// first message.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request, timed bool) {
	wrong := ""
	want := e.server.Options().APIKey
	switch {
	case want != "" && r.Header.Get("Authorization") != "Bearer "+want && e.quirks.keyAtUpgrade:
		e.refuse(w, http.StatusUnauthorized, "Invalid Token")
		return
	case want != "" && r.Header.Get("Authorization") != "Bearer "+want:
		wrong = "Invalid Token"
	case e.quirks.limit == "upgrade" && !e.room():
		e.refuse(w, http.StatusTooManyRequests, concurrencyExceeded)
		return
	}
	socket, ok := e.server.Accept(w, r)
	if !ok {
		return
	}
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	defer func() { _ = socket.CloseNow() }() // it is over
	c := newConnection(e, socket, fmt.Sprintf("connection-%d", e.connections.Add(1)))
	c.model, c.timed = model(r.Header.Get("model"), timed), timed
	if wrong != "" {
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
		c.fail(wrong)
		return
	}
	c.serve()
}

func (e *emulator) refuse(w http.ResponseWriter, status int, reason string) {
	e.server.Note(func(st *engine.Stats) { st.Refused++ })
	http.Error(w, fmt.Sprintf(`{"status":%d,"message":%q}`, status, reason), status)
}
