package elevenlabs

import (
	"context"
	"net/http"
	"strconv"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of ElevenLabs.
var Vendor = engine.Vendor{Name: "elevenlabs", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/text-to-speech/{voice_id}/multi-stream-input", func(w http.ResponseWriter, r *http.Request) {
		e.connect(w, r, e.read(r), speechWire{e.quirks})
	})
	mux.HandleFunc("GET /v1/text-to-dialogue/multi-stream-input", func(w http.ResponseWriter, r *http.Request) {
		e.connect(w, r, e.readDialogue(r, false), dialogueWire{e.quirks, false})
	})
	mux.HandleFunc("GET /v1/text-to-dialogue/stream-input", func(w http.ResponseWriter, r *http.Request) {
		e.connect(w, r, e.readDialogue(r, true), dialogueWire{e.quirks, true})
	})
	return mux, e.quirks
}

// connect checks what can be refused by the upgrade and serves a connection until it ends.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request, address address, wire wire) {
	wrong := address.wrong
	if fault := e.server.CurrentFault(); fault.Kind == engine.Refuse && fault.Code < 1000 {
		wrong = status(fault.Code)
		if seconds := int(fault.After.Seconds()); seconds > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
	} else if e.quirks.authBy != "status" || wrong != nil && wrong.id != badKey {
		wrong = nil // it is told at the first message
	}
	if wrong != nil {
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
		wrong.respond(w)
		return
	}
	socket, ok := e.server.Accept(w, r)
	if !ok {
		return
	}
	defer func() { _ = socket.CloseNow() }() // it is over
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() })
	defer stop()
	c := &connection{line: line{emulator: e, socket: socket, address: address, wire: wire}, contexts: make(map[string]*speechContext)}
	if e.quirks.serial {
		c.engine = make(chan struct{}, 1)
	} else {
		c.engine = make(chan struct{}, maxContexts)
	}
	c.serve()
}
