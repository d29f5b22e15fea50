package inworld

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Inworld's limits. The last bounds what the emulator keeps of a client that floods.
const (
	maxContexts  = 5                // of a socket; one that is closing counts (docs)
	maxSockets   = 20               // of an account (docs)
	maxRequests  = 100              // a second (docs); that it is contexts which count is an assumption
	maxText      = 1000             // characters of a send_text (docs)
	maxBuffered  = 1000             // characters, above which a buffer is spoken unasked (docs)
	idleTimeout  = 10 * time.Minute // without activity, after which a socket is closed (docs)
	maxWaiting   = 1 << 16          // characters of a context that are not spoken yet
	maxIDs       = 256              // bytes of a contextId
	charDefault  = 250              // bufferCharThreshold
	delayDefault = 3 * time.Second  // maxBufferDelayMs
)

// charMicros is a character's price in millionths of a dollar, on demand. The wire tells characters and no money.
// Third parties read $35 per million for tts-2 and 1.5-max, and $25 for mini, from the pricing page of May 2026.
func charMicros(model string) int64 {
	if model == "inworld-tts-1.5-mini" {
		return 25
	}
	return 35
}

// emulator is that of wss://api.inworld.ai/tts/v1/voice:streamBidirectional. No message tells a charge, so that the fault NullCost
// changes nothing.
type emulator struct {
	server *engine.Server
	quirks quirks

	mu       sync.Mutex // guards what follows
	sockets  int
	requests engine.Window
}

// goodKey reports whether a client shows the account's key.
// The portal's key is base64 already (docs). Clients that can't set headers put it into the query, or have a JWT.
func (e *emulator) goodKey(r *http.Request) bool {
	want := e.server.Options().APIKey
	if want == "" {
		return true
	}
	for _, shown := range []string{r.Header.Get("Authorization"), r.URL.Query().Get("authorization")} {
		for _, scheme := range []string{"Basic ", "Bearer "} {
			if key, ok := strings.CutPrefix(shown, scheme); ok && key == want {
				return true
			}
		}
	}
	return false
}

// enterSocket counts a socket, and reports whether there may be one more.
func (e *emulator) enterSocket() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.quirks.limited && e.sockets >= maxSockets {
		return false
	}
	e.sockets++
	return true
}

func (e *emulator) leaveSocket() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sockets--
}

// mayBegin reports whether another context may begin now.
func (e *emulator) mayBegin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.quirks.limited || e.requests.Take(time.Now())
}
