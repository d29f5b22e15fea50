package zeligate

import (
	"context"
	"net/http"
	"strconv"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Zeligate.
var Vendor = engine.Vendor{Name: "zeligate", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	z := &emulator{server: s, quirks: drawQuirks(s.Options())}
	z.engines = make(chan struct{}, z.quirks.workers)
	mux := http.NewServeMux() // multi-stream-input is not implemented yet, so it is not found
	mux.HandleFunc("GET /v1/text-to-speech/{voice_id}/stream-input", z.connect)
	return mux, z.quirks
}

// connect checks what the address tells and serves a connection until it ends.
// TLS ends in front of the box, which itself speaks plain HTTP. model_id and other names of the query are ignored (Zeligate's
// docs).
func (z *emulator) connect(w http.ResponseWriter, r *http.Request) {
	address, wrong := z.read(r)
	if fault := z.server.CurrentFault(); fault.Kind == engine.Refuse && fault.Code < 1000 {
		wrong = status(fault.Code)
	} else if !z.quirks.upgradeErrors {
		address.wrong, wrong = wrong, nil
	}
	if wrong != nil {
		z.server.Note(func(st *engine.Stats) { st.Refused++ })
		wrong.respond(w)
		return
	}
	if z.quirks.namesVoice {
		w.Header().Set("x-zeli-voice", address.voice)
	}
	conn, ok := z.server.Accept(w, r)
	if !ok {
		return
	}
	z.serve(conn, address)
}

func (z *emulator) serve(conn *websocket.Conn, address address) {
	z.server.Note(func(st *engine.Stats) { st.Sockets++; st.OpenSockets++ })
	ctx, cancel := context.WithCancel(z.server.Context())
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseNow() }) // ends the reader
	defer stop()
	speech, halt := context.WithCancel(ctx)
	defer halt()
	id := strconv.FormatInt(z.sockets.Add(1), 10)
	c := &connection{emulator: z, conn: conn, address: address, id: id, speaker: newSpeaker(z, conn, halt)}
	c.wg.Go(func() { c.speaker.run(ctx, speech) })
	c.listen(ctx)
	c.gone()
	cancel()
	<-c.speaker.silent
	if c.begun {
		z.server.Finish(c.speaker.index) // where BOS came to a speaker that had ended
	}
	_ = conn.CloseNow() // it is over
	z.server.Note(func(st *engine.Stats) { st.OpenSockets-- })
	c.wg.Wait() // for an engine that does not notice
}
