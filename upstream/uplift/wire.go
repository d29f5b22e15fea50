package uplift

import (
	"encoding/json"

	"voicerelay/audio"
)

// The types of messages.
const (
	typeSynthesize = "synthesize"
	typeCancel     = "cancel"
	typeReady      = "ready"       // the first on a connection
	typeAudioStart = "audio_start" // a request begins
	typeAudio      = "audio"
	typeAudioEnd   = "audio_end" // a request is delivered
	typeError      = "error"
)

// synthesize asks for a whole text to be spoken.
type synthesize struct {
	Type                      string `json:"type"`
	RequestID                 string `json:"requestId"` // unique on its connection
	Text                      string `json:"text"`      // at most 10,000 characters (Uplift documentation, limits)
	VoiceID                   string `json:"voiceId"`
	OutputFormat              string `json:"outputFormat"`
	PhraseReplacementConfigID string `json:"phraseReplacementConfigId,omitempty"`
}

// cancelRequest stops a request. Nothing answers it: the vendor's own Pipecat client expects no audio_end after it, and no
// confirmation is documented.
type cancelRequest struct {
	Type      string `json:"type"`
	RequestID string `json:"requestId"`
}

// message is any message from the vendor but the usual audio. Its free text is not read.
type message struct {
	Type      string  `json:"type"`
	RequestID string  `json:"requestId"` // missing where an error is the connection's
	Audio     *string `json:"audio"`     // base64, of any number of bytes
	Code      string  `json:"code"`      // of an error
}

// encode is a message's JSON. All messages are of types that always have one.
func encode(message any) []byte {
	data, _ := json.Marshal(message)
	return data
}

// formats are what the vendor is asked for: those that need no decoder. It has others in containers.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 22050},
	{Encoding: audio.MuLaw, Rate: 8000},
}

// outputFormat is the vendor's name of one of the formats.
func outputFormat(f audio.Format) string {
	if f.Encoding == audio.MuLaw {
		return "ULAW_8000_8"
	}
	return "PCM_22050_16"
}
