package cartesia

import (
	"net/http"
	"strings"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Cartesia's limits. The first three are documented; the others bound what the emulator keeps of a client that floods. Fifteen
// are those of the plan Scale; Free has 2, Pro 3 and Startup 5. There is no keep-alive but a request.
const (
	idleTimeout = 5 * time.Minute // without a message, after which the socket is closed
	expiry      = time.Second     // after its last audio, in which a context must get more
	bufferDelay = 3 * time.Second // for which text is gathered, unless a request says otherwise
	concurrency = 15              // contexts at once, in the largest plan
	maxWaiting  = 1024            // transcripts of a context that have not been spoken
)

// charMicros is what a character is charged at, in millionths. The vendor counts credits and tells none: this
// is a number for tests to compare.
const charMicros = 30

// emulator is that of wss://api.cartesia.ai/tts/websocket.
type emulator struct {
	server *engine.Server
	quirks quirks
	places chan struct{} // a token for each context, where the account is limited
}

// refusal is why a client is not let in, as an HTTP status; 0: it is.
// The docs require a version. LiveKit's plugin for Python has it in the query, the others in the header.
func (c *emulator) refusal(r *http.Request) (status int, message string) {
	if want := c.server.Options().APIKey; want != "" && key(r) != want {
		return http.StatusUnauthorized, "Invalid API key"
	}
	if version(r) == "" && c.quirks.strictVersion {
		return http.StatusBadRequest, "Cartesia-Version is required"
	}
	return 0, ""
}

// key is the key that a client shows, in any of the places that it may stand in.
// X-API-Key is what LiveKit and Pipecat send, Bearer is the newer SDKs', and the two names in the query are for those that
// can't set headers.
func key(r *http.Request) string {
	if key := r.Header.Get("X-API-Key"); key != "" {
		return key
	}
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key
	}
	if key := r.URL.Query().Get("api_key"); key != "" {
		return key
	}
	return r.URL.Query().Get("access_token")
}

// version is the version that a client speaks; empty: it does not say. Versions are dates, and compare as texts.
func version(r *http.Request) string {
	if version := r.Header.Get("Cartesia-Version"); version != "" {
		return version
	}
	return r.URL.Query().Get("cartesia_version")
}
