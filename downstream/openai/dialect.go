package openai

import (
	"voicerelay/downstream"
	"voicerelay/downstream/body"
)

// Dialect is OpenAI's speech endpoint, with its lists of models and of voices.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "/openai/v1" }

// Routes implements downstream.Dialect. At the root the paths are those behind OpenAI's own base, which ends in /v1.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	srv := &host{downstream.Host{Server: on, Write: writeError}}
	speech := body.Endpoint{On: on, Read: srv.readText, Inner: body.NewInnerKey(keyInside), Refuse: writeError}
	routes := []downstream.Route{
		{Method: "POST", Path: "/audio/speech", KeyInside: true, Serve: speech.Serve},
		{Method: "GET", Path: "/audio/voices", Serve: srv.listVoices},
		{Method: "GET", Path: "/models", Serve: srv.listModels},
		{Method: "GET", Path: "/models/{id...}", Serve: srv.showModel},
	}
	for i := range routes {
		routes[i].Root = "/v1" + routes[i].Path
		routes[i].Key, routes[i].Refuse = downstream.AnyKey, writeError
	}
	return routes
}
