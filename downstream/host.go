package downstream

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/relay"
)

// Host is the server that a dialect is mounted on, and what it refuses is told as the dialect's clients read it.
type Host struct {
	Server
	Write ErrorWriter
}

// Refuse counts a refusal and answers with it.
func (h Host) Refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error) {
	h.Refused(h.RemoteOf(r), err.Code, key)
	h.Write(w, err)
}

// AnswerList answers a request with what is found in the configuration as it is now, as JSON: text, numbers and lists.
func (h Host) AnswerList(w http.ResponseWriter, r *http.Request, key *access.Key, find func(*relay.Terms) (any, *protocol.Error)) {
	found, refused := h.find(key, find)
	if refused != nil {
		h.Refuse(w, r, key, refused)
		return
	}
	body := Encode(found)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client may have left
}

// find is what is found in the configuration that is in force for a key.
func (h Host) find(key *access.Key, find func(*relay.Terms) (any, *protocol.Error)) (any, *protocol.Error) {
	held, gone := h.Hold(key)
	if gone != nil {
		return nil, WireError(gone)
	}
	defer held.Release()
	return find(held.Terms)
}
