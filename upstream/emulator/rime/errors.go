package rime

import (
	"strings"

	"voicerelay/upstream/emulator/engine"
)

// Kinds of errors that the emulator has reasons of its own for. All are those of the AsyncAPI description.
const (
	invalidInput      = "invalid_input"
	unauthenticated   = "unauthenticated"
	resourceExhausted = "resource_exhausted"
	unimplemented     = "unimplemented"
)

// failure is an error of v1. Without a context it is the connection's.
func failure(id, kind, message, request string) engine.Object {
	e := engine.Object{"kind": kind, "message": message}
	if request != "" {
		e["requestId"] = request
	}
	o := engine.Object{"error": e}
	if id != "" {
		o["contextId"] = id
	}
	return o
}

// kindOf is the kind that a fault asks for, in lower case; internal_error, the engine's own, is internal here.
func kindOf(f engine.Fault) string {
	kind := strings.ToLower(f.Name)
	if kind == "internal_error" {
		return "internal"
	}
	return kind
}
