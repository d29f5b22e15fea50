package openai

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream/body"
)

// bareForm is a body of audio alone.
type bareForm struct {
	body.Bare
	mediaType string
}

// Head implements body.Form. Clients call X-Request-Id what they report when something went wrong.
func (f bareForm) Head(h http.Header) {
	h.Set("Content-Type", f.mediaType)
	h.Set("X-Request-Id", h.Get("Record-Id"))
}

// Refuse implements body.Form.
func (bareForm) Refuse(w http.ResponseWriter, err *protocol.Error) { writeError(w, err) }
