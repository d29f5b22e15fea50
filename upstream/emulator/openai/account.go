package openai

import (
	"net/http"
	"strings"
	"sync/atomic"

	"voicerelay/upstream/emulator/engine"
)

// emulator is one server.
type emulator struct {
	server   *engine.Server
	quirks   quirks
	turns    engine.Turns // of all requests
	requests atomic.Int64 // their ids count up
}

// knows reports whether a request has the right key: as a bearer's, or as Azure's clients show it.
func (o *emulator) knows(h http.Header) bool {
	want := o.server.Options().APIKey
	bearer, _ := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	return want == "" || bearer == want || h.Get("api-key") == want
}
