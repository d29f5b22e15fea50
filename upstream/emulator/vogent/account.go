package vogent

import (
	"net/http"
	"strings"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Vogent's numbers. The longest text is that of the REST interface (Vogent's docs, Advanced features); the rest are the
// emulator's own.
const (
	maxText      = 5000 // characters of a generation
	maxOpen      = 128  // generations of a socket at once
	maxID        = 256  // bytes of an id
	remembered   = 256  // generations of a socket that have ended, and whose ids are known
	charMicros   = 30   // a character's price in millionths of a dollar, of which only the unit is documented
	idleTimeout  = 20 * time.Second
	unknownVoice = "00000000-0000-0000-0000-000000000000" // any other UUID is a voice
)

// emulator is that of wss://api.vogent.ai.
type emulator struct {
	server   *engine.Server
	quirks   quirks
	contexts contexts
}

// key is the key that a client shows. Header or query suffices.
// The reference has the header as required and the query's apiKey as an addition, while the quickstart connects with the query
// alone.
func key(r *http.Request) string {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key
	}
	return r.URL.Query().Get("apiKey")
}
