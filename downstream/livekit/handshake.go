package livekit

import (
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream/session"
)

// lead is how far audio is sent ahead of its playback: enough for any network, and for the moment between two generations of a
// turn. Clients in Python leave a socket unread when their listener interrupts, until the next turn begins.
const lead = 5 * time.Second

// leastIdle is longer than clients keep an unused connection for their next turn, which is five minutes. The one for Node does not
// notice that such a connection was closed: its turn is lost, and ends after ten seconds without audio.
const leastIdle = 5*time.Minute + 10*time.Second

// accept upgrades a client's request to a session.
func (h *host) accept(w http.ResponseWriter, r *http.Request, key *access.Key) {
	model, refused := h.checkUpgrade(r, key)
	if refused == nil {
		metadata := metadataOf(r.Header)
		refused = session.Serve(h, w, r, key, session.Handshake{
			Lead: lead, PlainCodes: true, LeastIdle: leastIdle, Lingers: true,
			Talk: func(s *session.Session) session.Talk { return newTalk(h, s, model, metadata) },
		})
	}
	if refused != nil {
		h.Refuse(w, r, key, refused)
	}
}

// checkUpgrade looks at what a client asks for before its connection becomes a WebSocket, and returns the model it asks for.
func (h *host) checkUpgrade(r *http.Request, key *access.Key) (model string, refused *protocol.Error) {
	model = r.URL.Query().Get("model")
	asked := settings{Model: model}
	return model, asked.check(h, key)
}

// identity are the headers that say where in LiveKit a connection comes from, and what records call that. The worker's token is
// none of them: it is a secret.
var identity = map[string]string{
	"X-Livekit-Room-Id":            "room_id",
	"X-Livekit-Job-Id":             "job_id",
	"X-Livekit-Agent-Id":           "agent_id",
	"X-Livekit-Session-Id":         "session_id",
	"X-Livekit-Inference-Provider": "inference_provider",
	"X-Livekit-Inference-Priority": "inference_priority",
}

// maxIdentity bounds such a header. LiveKit's ids have some 20 characters.
const maxIdentity = 128

// metadataOf is what records say of a connection.
func metadataOf(h http.Header) map[string]string {
	metadata := map[string]string{"dialect": name}
	for header, key := range identity {
		value := h.Get(header)
		if value != "" && len(value) <= maxIdentity && !strings.ContainsFunc(value, unicode.IsControl) {
			metadata[key] = strings.ToValidUTF8(value, "")
		}
	}
	return metadata
}
