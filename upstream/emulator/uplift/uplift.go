package uplift

import (
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Uplift.
var Vendor = engine.Vendor{Name: "uplift", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	u := &emulator{server: s, quirks: drawQuirks(s.Options())}
	return u.handler(), u.quirks
}

// handler serves both ways to the vendor. The plain path has /v1 before the name of the namespace; the namespace itself has
// not.
func (u *emulator) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1"+socketNamespace, u.plain)
	mux.HandleFunc("/socket.io/", newEngines(u).serve)
	return mux
}
