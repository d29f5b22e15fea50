package soniox

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Soniox's limits. The last bounds what the emulator keeps of a client that floods.
const (
	maxStreams  = 5               // of a socket, at once (docs)
	maxSockets  = 3               // of an account, by default (docs)
	maxRequests = 100             // streams that begin in a minute, by default (docs)
	maxAccount  = 3               // streams of an account, as a third party has met it
	maxID       = 256             // characters (docs)
	maxText     = 5000            // of a message (docs)
	lifetime    = 2 * time.Minute // of audio, which a stream can't outlive (docs)
	silence     = 3 * time.Minute // of the client, after which a socket is closed (third parties)
	maxWaiting  = 1 << 17         // bytes of a stream that have not been spoken
)

// hourMicros is what an hour of speech is charged at, in millionths of a dollar.
// The pricing page speaks of about $0.70; in truth the vendor counts tokens, and tells none on the wire.
const hourMicros = 700_000

// emulator is that of wss://tts-rt.soniox.com/tts-websocket. No message tells a charge, so that the fault NullCost changes nothing.
type emulator struct {
	server *engine.Server
	quirks quirks

	mu       sync.Mutex // guards what follows
	sockets  int
	streams  int
	requests engine.Window
}

// goodKey reports whether a key is the account's.
func (e *emulator) goodKey(key string) bool {
	want := e.server.Options().APIKey
	return want == "" || key == want
}

// key is the key of the upgrade; empty: it has none, and each stream is to have its own.
func key(r *http.Request) string {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return key
}

// enterSocket counts a socket, or says why there may be none more.
func (e *emulator) enterSocket() *failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.quirks.limit == "sockets" && e.sockets >= maxSockets {
		return limited("Too many concurrent connections")
	}
	e.sockets++
	return nil
}

func (e *emulator) leaveSocket() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sockets--
}

// enterStream counts a stream, or says why there may be none more.
// The default is 100 requests a minute. That it is streams which count is an assumption.
func (e *emulator) enterStream(now time.Time) *failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.quirks.limit == "streams" && e.streams >= maxAccount {
		return limited("Too many concurrent streams")
	}
	if e.quirks.limit == "sockets" && !e.requests.Take(now) {
		return limited("Too many requests per minute")
	}
	e.streams++
	return nil
}

func (e *emulator) leaveStream() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams--
}
