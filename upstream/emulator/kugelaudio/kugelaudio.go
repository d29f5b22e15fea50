package kugelaudio

import (
	"context"
	"net/http"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of KugelAudio.
var Vendor = engine.Vendor{Name: "kugelaudio", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	k := &emulator{server: s, quirks: drawQuirks(s.Options())}
	return k.handler(), k.quirks
}

// handler serves the vendor's three sockets. The paths are those of KugelAudio's docs, Stream, Stream input and Multi-context.
// The ElevenLabs-like proxy of the same host (/11labs) and the REST calls are not emulated.
func (k *emulator) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/tts/multi", k.connect((*connection).multi))
	mux.HandleFunc("GET /ws/tts/stream", k.connect((*connection).stream))
	mux.HandleFunc("GET /ws/tts", k.connect((*connection).single))
	return mux
}

// connect checks the key and serves a connection until it ends.
// The reference tells of two ways in which a bad key shows: a status at the upgrade (the SDKs read 403, some paths give 401), or
// an accepted upgrade that is closed with 4001. Clients have to survive both, so the seed draws one.
func (k *emulator) connect(serve func(*connection, context.Context)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		bad := k.server.Options().APIKey != "" && key(r) != k.server.Options().APIKey
		if bad && !k.quirks.authByClose {
			k.server.Note(func(st *engine.Stats) { st.Refused++ })
			w.Header().Set("x-request-id", "emulated")
			http.Error(w, "Invalid API key", k.quirks.authStatus)
			return
		}
		// Every accepted upgrade bears it (KugelAudio's docs, Audio formats).
		w.Header().Set("x-kugelaudio-ai-generated", "true")
		conn, ok := k.server.Accept(w, r)
		if !ok {
			return
		}
		if bad {
			k.server.Note(func(st *engine.Stats) { st.Refused++ })
			_ = conn.Close(4001, "Invalid API key") // the client may have gone
			return
		}
		k.serve(conn, serve)
	}
}

func (k *emulator) serve(conn *websocket.Conn, serve func(*connection, context.Context)) {
	defer k.server.Connected()()
	ctx, cancel := context.WithCancel(k.server.Context())
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseNow() }) // ends the reader
	defer stop()
	c := &connection{line: line{emulator: k, conn: conn, cancel: cancel}, contexts: make(map[string]*speechContext)}
	serve(c, ctx)
	cancel()
	c.wg.Wait()
	_ = conn.CloseNow() // it is over
}
