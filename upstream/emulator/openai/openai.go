package openai

import (
	"fmt"
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of servers of OpenAI's shape.
var Vendor = engine.Vendor{Name: "openai", Scheme: "http", Base: "/v1", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	q := drawQuirks(s.Options())
	o := &emulator{server: s, quirks: q, turns: engine.NewTurns(q.serial)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/audio/speech", o.admitted(o.speech))
	mux.HandleFunc("GET /v1/models", o.admitted(o.listModels))
	mux.HandleFunc("GET /v1/audio/voices", o.admitted(o.listVoices))
	return mux, q
}

// admitted serves requests with the right key, where none is to be refused.
func (o *emulator) admitted(serve func(w http.ResponseWriter, r *http.Request, id string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := fmt.Sprintf("req_%06d", o.requests.Add(1))
		w.Header().Set("x-request-id", id)
		if o.quirks.closes {
			w.Header().Set("Connection", "close")
		}
		switch fault := o.server.CurrentFault(); {
		case fault.Kind == engine.Refuse:
			o.server.Note(func(st *engine.Stats) { st.Refused++ })
			fault.SetRetryAfter(w.Header())
			o.refuse(w, refusalOf(fault))
		case !o.knows(r.Header):
			o.server.Note(func(st *engine.Stats) { st.Refused++ })
			o.refuse(w, refusal{status: http.StatusUnauthorized, code: "invalid_api_key", message: "Incorrect API key provided."})
		default:
			serve(w, r, id)
		}
	}
}
