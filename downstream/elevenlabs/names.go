package elevenlabs

import (
	"fmt"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
)

// longestName bounds names of voices and models, so that an error which repeats one stays short.
const longestName = 256

func nameTooLong() *protocol.Error {
	return downstream.Invalid("", fmt.Sprintf("the voice's id, model_id and language_code have at most %d bytes", longestName))
}

// usualVoice knows the voices that LiveKit's plugins ask for by default, in Python and in JavaScript.
var usualVoice = downstream.OneOf("hpp4J3VqNfWAUOO0d1Us", "bIHbv24MWmeRgasZH58o")

// usualModel reports whether a name is of one of the vendor's models.
func usualModel(model string) bool { return strings.HasPrefix(model, "eleven_") }

// resolve finds the voice and the route of a request by what its client calls them.
func (srv *host) resolve(on *relay.Terms, voice, model string, r relay.Request) (relay.Request, *protocol.Error) {
	names := downstream.Names{Settings: srv.Settings(name), Adapter: adapter, UsualVoice: usualVoice, UsualModel: usualModel}
	var refused *protocol.Error
	if r.Voice, refused = names.Voice(on, voice); refused != nil {
		return r, refused
	}
	if r.Route, refused = names.Route(on, model); refused != nil {
		refused.Param = "model_id"
		return r, refused
	}
	r.Metadata = map[string]string{"dialect": name}
	return r, nil
}
