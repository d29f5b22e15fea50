package assemblyai

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of AssemblyAI.
var Vendor = engine.Vendor{Name: "assemblyai", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options()), requests: engine.Window{Most: maxSessions, Length: time.Minute}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/ws", e.connect)
	return mux, e.quirks
}

// connect serves a connection until it ends.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request) {
	settings, wrong := e.judge(r)
	socket, ok := e.server.Accept(w, r)
	if !ok {
		return
	}
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	s := newSession(e, socket, settings)
	if wrong != nil {
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
		s.fail(*wrong)
		return
	}
	s.id = fmt.Sprintf("session-%d", e.number())
	s.serve()
}
