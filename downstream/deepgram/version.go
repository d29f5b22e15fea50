package deepgram

import (
	"crypto/sha256"
	"fmt"
)

// version is one of the protocol's two. What it has is the same for all sessions.
type version struct {
	path string
	// Speeds are from slowest to fastest, in steps of speedStep where stepped.
	slowest, fastest float64
	stepped          bool
	// clears: Clear drops all that waits. interrupts: Interrupt does, and asks how much of it was heard, for which the text is
	// kept; and Configure changes the speed.
	clears, interrupts bool
	newWire            func() wire
}

// wire makes a session's messages by a version, and keeps what they count. Its methods are called with talk.mu held, but for
// started, which counts nothing.
type wire interface {
	// opened is the first message.
	opened(session, model string) any
	// started goes before a turn's first audio; nil: nothing does.
	started(speech string) any
	// ended are the messages that end a turn, for all of its Flushes.
	ended(t *turn) []any
	// left answers a Close, once all is spoken; nil: nothing does.
	left() any
}

// problem is an Error or a Warning. Clients of both versions find the text by the name that they know.
type problem struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	ErrMsg      string `json:"err_msg,omitempty"`
	WarnMsg     string `json:"warn_msg,omitempty"`
	Code        string `json:"code"`
}

func warning(code, text string) problem {
	return problem{Type: "Warning", Description: text, WarnMsg: text, Code: code}
}

func failure(code, text string) problem {
	return problem{Type: "Error", Description: text, ErrMsg: text, Code: code}
}

// modelVersion is what we say of all models.
const modelVersion = "1"

// uuidOf is a name's id in the form that clients know, the same each time (RFC 9562, section 5.8).
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte("voicerelay model " + name))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
