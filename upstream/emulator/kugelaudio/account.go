package kugelaudio

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// KugelAudio's numbers. The contexts are those of a socket (KugelAudio's docs, Multi-context; older pages say 5), and the text is in
// characters of a request (Generate; a plan may have less). A context's inactivity is the SDK's for JavaScript, and an older edition
// of the reference has it too. How long a close waits is the emulator's own.
const (
	maxContexts = 20
	inactivity  = 20 * time.Second
	maxText     = 10000
	closeWait   = 5 * time.Second // for contexts to drain before the socket closes
	// centMicros is what a second of audio costs, in millionths of a cent. There is no public price list: the reference's
	// examples charge 0.18 ct for 2.0 s and 0.49 ct for 5.4 s.
	centMicros = 90_000
)

// emulator is that of wss://api.kugelaudio.com.
type emulator struct {
	server *engine.Server
	quirks quirks
}

// key is the key that a client shows, in any of the ways that the vendor takes.
// Of the query's names api_key is the documented one; token (of a user) and master_key (internal) are the SDKs'. The header is
// what servers use that can set one. No greeting follows the upgrade: clients may send at once.
func key(r *http.Request) string {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key
	}
	query := r.URL.Query()
	return cmp.Or(query.Get("api_key"), query.Get("token"), query.Get("master_key"))
}
