package downstream

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/relay"
)

// AnswerList answers a request with what is found in the configuration as it is now, as JSON: text, numbers and lists. It returns
// why there is no answer; nothing has been written then.
func AnswerList(on Server, w http.ResponseWriter, key *access.Key, find func(*relay.Terms) (any, *protocol.Error)) *protocol.Error {
	held, gone := on.Hold(key)
	if gone != nil {
		return WireError(gone)
	}
	defer held.Release()
	found, refused := find(held.Terms)
	if refused != nil {
		return refused
	}
	text := Encode(found)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // the client may have left
	return nil
}
