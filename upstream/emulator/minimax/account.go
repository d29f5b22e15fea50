package minimax

import (
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// MiniMax's limits. All but the last are documented; that bounds what the emulator keeps of a client that floods.
const (
	idleTimeout  = 120 * time.Second // without a message, a ping or audio, after which the socket is closed
	maxText      = 10_000            // characters of a task_continue, from which on it is skipped
	mostHidden   = 10                // per cent of a text that may be invisible
	maxSyntheses = 1024              // that have not begun
)

// What a character is charged at, in millionths of a dollar: 100 dollars for a million by a model whose name ends with hd,
// 60 by one with turbo (MiniMax's price list).
const (
	hdMicros    = 100
	turboMicros = 60
)

// emulator is that of wss://api.minimax.io/ws/v1/t2a_v2_bidi.
type emulator struct {
	server      *engine.Server
	quirks      quirks
	connections atomic.Int64
}

// idle is how long a socket may be quiet.
func (e *emulator) idle() time.Duration {
	if own := e.server.Options().Inactivity; own > 0 {
		return own
	}
	return idleTimeout
}

// charMicros is what a character costs by a model.
func charMicros(model string) int64 {
	if strings.HasSuffix(model, "turbo") {
		return turboMicros
	}
	return hdMicros
}

// usage is the characters that a text is charged as. A Chinese character counts as two.
func usage(text string) (n int64) {
	for _, r := range text {
		n++
		if unicode.Is(unicode.Han, r) {
			n++
		}
	}
	return n
}

// hidden is how much of a text is invisible, in per cent. White space is not.
func hidden(text string) int {
	n := 0
	for _, r := range text {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) && !unicode.IsSpace(r) {
			n++
		}
	}
	return 100 * n / max(1, utf8.RuneCountInString(text))
}
