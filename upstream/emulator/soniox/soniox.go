package soniox

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Soniox.
var Vendor = engine.Vendor{Name: "soniox", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options()), requests: engine.Window{Most: maxRequests, Length: time.Minute}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tts-websocket", e.connect)
	return mux, e.quirks
}

// connect checks the key and serves a connection until it ends. There is no greeting.
// The SDK shows its key in the header, others in each stream's first message.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request) {
	shown := key(r)
	if shown != "" && !e.goodKey(shown) && !e.quirks.badKeyInBand {
		e.refuse(w, badKey())
		return
	}
	tooMany := e.enterSocket()
	if tooMany == nil {
		defer e.leaveSocket()
	}
	if tooMany != nil && !e.quirks.fourthInBand {
		e.refuse(w, tooMany)
		return
	}
	c := &connection{line: line{emulator: e, key: shown}, streams: make(map[string]*stream)}
	socket, ok := e.server.AcceptWith(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, OnPingReceived: c.pinged})
	if !ok {
		return
	}
	c.socket = socket
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	if tooMany != nil {
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
		c.fail("", *tooMany)
		c.close()
		return
	}
	c.serve()
}

// refuse answers the upgrade.
func (e *emulator) refuse(w http.ResponseWriter, why *failure) {
	e.server.Note(func(st *engine.Stats) { st.Refused++ })
	http.Error(w, why.message, why.code)
}
