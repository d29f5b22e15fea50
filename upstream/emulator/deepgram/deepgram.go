package deepgram

import (
	"context"
	"fmt"
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Deepgram.
var Vendor = engine.Vendor{Name: "deepgram", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	d := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/speak", func(w http.ResponseWriter, r *http.Request) {
		d.connect(w, r, aura(), func(l *line) { newConnection(l).serve() })
	})
	mux.HandleFunc("GET /v2/speak", func(w http.ResponseWriter, r *http.Request) {
		d.connect(w, r, flux(), func(l *line) { newFluxConnection(l).serve() })
	})
	return mux, d.quirks
}

// connect checks key and query and serves a connection until it ends. Both fail the upgrade.
// A bad key or query fails with a status of 4xx and the headers dg-error and dg-request-id (Deepgram's docs, TTS WebSocket,
// Errors). Everything that can be wrong with a voice or a format is known by then.
func (d *emulator) connect(w http.ResponseWriter, r *http.Request, f family, serve func(*line)) {
	request := fmt.Sprintf("request-%d", d.requests.Add(1))
	settings, status, reason := d.settings(r, f)
	w.Header().Set("dg-request-id", request)
	if status != 0 {
		d.server.Note(func(st *engine.Stats) { st.Refused++ })
		w.Header().Set("dg-error", reason)
		http.Error(w, reason, status)
		return
	}
	socket, ok := d.server.Accept(w, r)
	if !ok {
		return
	}
	stop := context.AfterFunc(d.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	serve(&line{emulator: d, socket: socket, request: request, settings: settings})
}
