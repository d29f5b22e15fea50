package deepgram

import (
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
)

// usualVoice reports whether a model is one of Deepgram's own, which programs have by default. Where nothing here has such a
// name, the route's voice speaks.
func usualVoice(model string) bool {
	return strings.HasPrefix(model, "aura-") || strings.HasPrefix(model, "flux-")
}

// speaker is a voice and a route by our names.
type speaker struct{ voice, route string }

// speaker finds who speaks for a model: a voice, and behind an @ a route, where that is the name of one.
func (srv *host) speaker(on *relay.Terms, model string) (speaker, *protocol.Error) {
	settings := srv.Settings(name)
	names := downstream.Names{Settings: settings, Adapter: name, UsualVoice: usualVoice}
	asked, route := model, settings.Models[model]
	if at := strings.LastIndexByte(model, '@'); at >= 0 && on.Setup.Table().HasRoute(model[at+1:]) {
		asked, route = model[:at], model[at+1:]
	}
	voice, refused := names.Voice(on, asked)
	if refused != nil && route != "" && route == settings.Models[model] {
		voice, refused = "", nil // a name that the operator has given to a route alone
	}
	if refused != nil {
		refused.Param = "model"
		return speaker{}, refused
	}
	return speaker{voice: voice, route: route}, nil
}

// request is a generation by what was asked for, without its text.
func (srv *host) request(on *relay.Terms, v *version, a asked) (relay.Request, *protocol.Error) {
	who, refused := srv.speaker(on, a.model)
	if refused != nil {
		return relay.Request{}, refused
	}
	return relay.Request{
		Voice: who.voice, Route: who.route, Speed: a.speed, Output: a.output, Kbps: a.kbps, Normalize: true, Metadata: a.metadata(v),
	}, nil
}
