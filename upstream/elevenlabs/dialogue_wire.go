package elevenlabs

import "strings"

// dialogueModels is how the names of the models begin that have dialogues and no contexts: eleven_v3, eleven_v4_turbo.
const dialogueModels = "eleven_v"

// hasDialogue reports whether a model is served by dialogues.
func hasDialogue(model string) bool { return strings.HasPrefix(model, dialogueModels) }

// dialogueOpening is a dialogue's first message, which names its voices.
type dialogueOpening struct {
	Voices        []string      `json:"voices"`
	VoiceSettings voiceSettings `json:"voice_settings,omitzero"`
	Dictionaries  []dictionary  `json:"pronunciation_dictionary_locators,omitempty"`
}

// turnFrame has a text spoken at once.
type turnFrame struct {
	Inputs []dialogueInput `json:"inputs"`
	Flush  bool            `json:"flush"`
}

// dialogueInput is what one voice says.
type dialogueInput struct {
	Text  string `json:"text"`
	Voice string `json:"voice_id"`
}

// dialogueKeepAlive keeps a dialogue.
type dialogueKeepAlive struct {
	KeepAlive bool `json:"keep_alive"`
}
