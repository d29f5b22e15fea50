package elevenlabs

import (
	"cmp"
	"net/http"
	"strings"
)

// The numbers of the Text to Dialogue sockets, which are the vendor's (its guide to realtime dialogue). Speech begins once there
// is that much text, for a dialogue has no schedule; and the models for conversations speak with one voice.
const (
	dialogueCharacters = 40
	dialogueWords      = 8
	dialogueVoices     = 10
)

// readDialogue reads the address of a Text to Dialogue socket. The models of the third and fourth generation are served on
// these alone, and inactivity_timeout is not among the query's names.
func (e *emulator) readDialogue(r *http.Request, single bool) address {
	a := e.common(r)
	a.dialogue, a.single, a.maxVoices = true, single, dialogueVoices
	model := cmp.Or(r.URL.Query().Get("model_id"), "eleven_v3_conversational")
	if strings.HasPrefix(model, "eleven_v4_turbo") || strings.HasPrefix(model, "eleven_v3_conversational") {
		a.maxVoices = 1
	}
	if a.wrong == nil && !isDialogue(model) {
		a.wrong = named(badModel)
	}
	return a
}

// register says what is wrong with the voices of a context's first message, which must name them.
func (a address) register(voices []string) *failure {
	if len(voices) == 0 || len(voices) > a.maxVoices {
		return invalid("The first message must register the voices: one, or up to ten for the models that take more.")
	}
	for _, voice := range voices {
		if !voicePattern.MatchString(voice) || voice == unknownVoice {
			return &failure{id: "voice_not_found", http: http.StatusNotFound, text: "A voice with the voice_id " + voice + " was not found."}
		}
	}
	return nil
}
