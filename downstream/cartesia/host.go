package cartesia

import (
	"strings"

	"voicerelay/downstream"
)

// name is the dialect's, and that of the adapter whose vendor it is.
const name = "cartesia"

// host is the server that the dialect is mounted on.
type host struct{ downstream.Host }

// names finds voices and routes by what Cartesia's clients call them.
func (srv *host) names() downstream.Names {
	return downstream.Names{
		Settings:   srv.Settings(name),
		Adapter:    name,
		UsualVoice: downstream.OneOf(usualVoice),
		UsualModel: isUsualModel,
	}
}

// usualVoice is the one that a widely used framework sends where its user chose none (livekit-plugins-cartesia 1.8.9).
const usualVoice = "f786b574-daa5-4673-aa0c-cbe3e8534c02"

// isUsualModel reports whether a model is one of the vendor's, whatever its version.
func isUsualModel(model string) bool { return strings.HasPrefix(model, "sonic") }
