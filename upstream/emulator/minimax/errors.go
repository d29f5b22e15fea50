package minimax

import (
	"cmp"

	"voicerelay/upstream/emulator/engine"
)

// Status codes of base_resp, those of the socket's own page (MiniMax's docs) but for the general list's 1008 and 2054, which any
// may be by a fault.
const (
	unknownError  = 1000
	authFailed    = 1004
	invisible     = 1042
	badParameters = 2013
	idleTooLong   = 2201
	unknownEvent  = 2202
	textTooLong   = 2204
	queueFull     = 2205
	outOfOrder    = 2206
)

// messages are what status_msg says. The docs' words are not known; these are the emulator's.
func messages() map[int]string {
	return map[int]string{
		0: "success", unknownError: "unknown error", 1001: "timeout", 1002: "rate limit", 1039: "token limit", authFailed: "login fail: invalid api key",
		1008: "insufficient balance", invisible: "too many invisible characters", badParameters: "invalid params", 2054: "voice id not exist",
		idleTooLong: "connection idle for too long", unknownEvent: "unsupported event", textTooLong: "text too long, skipped",
		queueFull: "too much queued, skipped", outOfOrder: "invalid event order",
	}
}

// base is a frame's base_resp.
func base(code int) engine.Object {
	message, known := messages()[code]
	if !known {
		message = "error"
	}
	return engine.Object{"status_code": code, "status_msg": message}
}

// codeOf is the code that a fault asks for, by number; without one it is 1000.
func codeOf(f engine.Fault) int {
	return cmp.Or(f.Code, unknownError)
}

// skips reports whether an error leaves the session as it is: the text is skipped, and no more.
func skips(code int) bool { return code == textTooLong || code == queueFull }
