package server

import (
	"encoding/json"
	"net/http"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/server/answer"
)

// demoState is how a demo stands, and what it is told.
type demoState struct {
	FirstVendorFails *bool `json:"first_vendor_fails"`
}

// maxDemoBody bounds a request that has one field.
const maxDemoBody = 1 << 10

// demo tells how the demo stands, or tells the demo.
func (srv *Server) demo(w http.ResponseWriter, r *http.Request, key *access.Key) {
	if srv.emulated == nil {
		refused := downstream.Invalid("", "the vendors of this relay are no emulators")
		refused.Status = http.StatusNotFound
		srv.Refuse(w, r, key, refused)
		return
	}
	if r.Method == http.MethodPut {
		var told demoState
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDemoBody))
		body.DisallowUnknownFields()
		if err := body.Decode(&told); err != nil || told.FirstVendorFails == nil {
			srv.Refuse(w, r, key, downstream.Invalid("first_vendor_fails", "must be true or false, and the only field"))
			return
		}
		srv.emulated.Fail(*told.FirstVendorFails)
	}
	answer.JSON(w, http.StatusOK, demoState{new(srv.emulated.Failing())})
}
