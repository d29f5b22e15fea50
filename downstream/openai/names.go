package openai

import (
	"strings"

	"voicerelay/downstream"
)

// usualVoices are the vendor's. Pipecat makes no request at all with another name.
var usualVoices = downstream.OneOf(
	"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)

// isUsualModel reports whether a model is one of the vendor's, as it is or of a date: tts-1-1106, gpt-4o-mini-tts-2025-12-15.
func isUsualModel(model string) bool {
	for _, base := range []string{"tts-1", "tts-1-hd", "gpt-4o-mini-tts"} {
		rest, ok := strings.CutPrefix(model, base)
		if ok && (rest == "" || rest[0] == '-' && strings.Trim(rest, "-0123456789") == "") {
			return true
		}
	}
	return false
}

// names finds voices and routes by what clients call them.
func (srv *host) names() downstream.Names {
	return downstream.Names{Settings: srv.Settings(name), UsualVoice: usualVoices, UsualModel: isUsualModel}
}
