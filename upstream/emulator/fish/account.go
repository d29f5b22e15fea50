package fish

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// Limits. The first is documented, of an account that has paid less than 100 dollars; the others bound what the emulator keeps of
// a client that floods.
const (
	concurrency = 5       // sessions at once
	maxBuffered = 1 << 16 // bytes of text that is not spoken
	maxChunks   = 1024    // that have not begun
)

// byteMicros is what a byte of text is charged at, in millionths of a dollar: 15 dollars for a million (Fish Audio's price list).
const byteMicros = 15

const concurrencyExceeded = "Concurrency limit exceeded"

// emulator is that of wss://api.fish.audio/v1/tts/live.
type emulator struct {
	server      *engine.Server
	quirks      quirks
	connections atomic.Int64
	sessions    atomic.Int64 // that are open
}

// room reports whether there may be another session.
func (e *emulator) room() bool { return e.sessions.Load() < concurrency }

// idle is how long a socket may be quiet; 0: for ever. Where there is a limit, the options may have another.
func (e *emulator) idle() time.Duration {
	if own := e.server.Options().Inactivity; own > 0 && e.quirks.idleSeconds > 0 {
		return own
	}
	return time.Duration(e.quirks.idleSeconds) * time.Second
}

// model is what a header asks for. One that is missing or not known is the default, without an error (Fish Audio's docs). Those
// of the drama family speak on the socket with times alone.
func model(header string, timed bool) string {
	known := slices.Contains([]string{"s1", "s2-pro", "s2.1-pro", "s2.1-pro-free"}, header)
	if known || timed && strings.HasPrefix(header, "drama-") {
		return header
	}
	return "s2.1-pro"
}

// charge is what a text costs by a model, one of which is free.
func charge(model, text string) int64 {
	if model == "s2.1-pro-free" {
		return 0
	}
	return int64(len(text)) * byteMicros
}
