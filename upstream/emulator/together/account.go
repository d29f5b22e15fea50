package together

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Together's limits. Only the first is documented; the others bound what the emulator keeps of a client that floods.
const (
	maxContexts = 100     // of a connection
	maxID       = 256     // bytes of a context_id
	maxWaiting  = 1 << 16 // characters of a context that are not spoken yet
	maxItems    = 1024    // of a context that have not begun
)

// emulator is that of wss://api.together.ai/v1/audio/speech/websocket. No message tells a charge, so that the fault
// NullCost changes nothing; what the stats have of it is by the list prices.
type emulator struct {
	server   *engine.Server
	quirks   quirks
	sessions atomic.Int64 // that have been created; their ids count up
}

// idle is how long a socket may be quiet; 0: for ever. Where there is a limit, the options may have another.
func (g *emulator) idle() time.Duration {
	if own := g.server.Options().Inactivity; own > 0 && g.quirks.idleSeconds > 0 {
		return own
	}
	return time.Duration(g.quirks.idleSeconds) * time.Second
}

func (g *emulator) refusesByMessage() bool {
	f := g.server.CurrentFault()
	return f.Kind == engine.Refuse && f.Name != ""
}

// badKey is why a client's key is refused; nil: it is not.
func (g *emulator) badKey(r *http.Request) engine.Object {
	key, want := key(r), g.server.Options().APIKey
	switch {
	case want == "" || key == want:
		return nil
	case key == "":
		return failure("missing_api_key", "")
	}
	return failure("invalid_api_key", "")
}

// key is the key that a client shows, by header or by query.
func key(r *http.Request) string {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key
	}
	return r.URL.Query().Get("api_key")
}
