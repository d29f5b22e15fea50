package livekit

import (
	"voicerelay/downstream"
)

// Dialect is LiveKit's Inference gateway for speech.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "/livekit/v1" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	h := &host{on}
	return []downstream.Route{{
		Method: "GET", Path: "/tts", Root: "/v1/tts", Upgrade: true,
		Key:   keyOf,
		Serve: h.accept,
	}}
}
