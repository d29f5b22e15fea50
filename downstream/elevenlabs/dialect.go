package elevenlabs

import (
	"net/http"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
)

// Dialect is the API of ElevenLabs, as far as it is for text to speech.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "/elevenlabs" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	srv := &host{
		Host:     downstream.Host{Server: on, Write: refuse},
		innerKey: session.NewInnerKey(keyInside, tellRefused),
	}
	const speech = "/v1/text-to-speech/{voice}"
	routes := []downstream.Route{
		{Method: http.MethodGet, Path: speech + "/multi-stream-input", Upgrade: true, KeyInside: true, Serve: srv.acceptMulti},
		{Method: http.MethodGet, Path: speech + "/stream-input", Upgrade: true, KeyInside: true, Serve: srv.acceptSingle},
		{Method: http.MethodPost, Path: speech, Serve: srv.endpoint(bareAudio)},
		{Method: http.MethodPost, Path: speech + "/stream", Serve: srv.endpoint(bareAudio)},
		{Method: http.MethodPost, Path: speech + "/with-timestamps", Serve: srv.endpoint(timedWhole)},
		{Method: http.MethodPost, Path: speech + "/stream/with-timestamps", Serve: srv.endpoint(timedLines)},
		{Method: http.MethodGet, Path: "/v1/voices", Only: isOurs, Serve: srv.listVoices},
		{Method: http.MethodGet, Path: "/v2/voices", Serve: srv.searchVoices},
		{Method: http.MethodGet, Path: "/v1/models", Only: isOurs, Serve: srv.listModels},
		{Method: http.MethodGet, Path: "/v1/user", Serve: srv.showUser},
		{Method: http.MethodGet, Path: "/v1/user/subscription", Serve: srv.showSubscription},
	}
	for i := range routes {
		routes[i].Root = routes[i].Path
		routes[i].Key, routes[i].Refuse = downstream.AnyKey, refuse
	}
	return routes
}
