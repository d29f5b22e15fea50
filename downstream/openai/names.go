package openai

import (
	"strings"

	"voicerelay/downstream"
)

// usualVoices are the vendor's. Pipecat makes no request at all with another name.
var usualVoices = downstream.OneOf(
	"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)

// usualModels are the vendor's, without dates.
var usualModels = downstream.OneOf("tts-1", "tts-1-hd", "gpt-4o-mini-tts")

// isUsualModel reports whether a model is one of the vendor's, as it is or of a date: tts-1-1106, gpt-4o-mini-tts-2025-12-15.
func isUsualModel(model string) bool {
	return usualModels(strings.TrimRight(model, "-0123456789")) || usualModels(model) || isDated(model, "tts-1-")
}

// isDated reports whether a model is one of a date, whose name ends in a digit itself.
func isDated(model, base string) bool {
	date, ok := strings.CutPrefix(model, base)
	return ok && date != "" && strings.Trim(date, "0123456789-") == ""
}

// names finds voices and routes by what clients call them.
func (srv *host) names() downstream.Names {
	return downstream.Names{Settings: srv.Settings(name), UsualVoice: usualVoices, UsualModel: isUsualModel}
}
