package vogent

import (
	"regexp"
	"slices"
	"unicode/utf8"
)

// message is any message from a client. Unknown fields are ignored.
// The messages have no type. The reference lists "items" and "description" too, which look like a slip of the vendor's schema
// and which no client sends.
type message struct {
	GenerationID string  `json:"generationId"`
	ContextID    string  `json:"contextId"`
	VoiceID      *string `json:"voiceId"`
	Text         *string `json:"text"`
	FinalText    bool    `json:"finalText"`
	Cancel       bool    `json:"cancel"`
	SampleRate   int     `json:"sampleRate"` // hertz; 0: the default
	Timestamps   bool    `json:"addWordTimestamps"`
}

// text is what the message adds.
func (m message) text() string {
	if m.Text == nil {
		return ""
	}
	return *m.Text
}

// fault is what is wrong with any message, or empty.
// The quickstart repeats voiceId, text and cancel in each message; whether they may be left out is not documented.
func (q quirks) fault(m message) string {
	switch {
	case m.GenerationID == "":
		return "generationId is required"
	case len(m.GenerationID) > maxID, len(m.ContextID) > maxID:
		return "id is too long"
	case q.strict && (m.VoiceID == nil || m.Text == nil):
		return "voiceId and text are required"
	}
	return ""
}

// voiceID is the form of the vendor's voice ids.
// The docs' voices are UUIDs.
var voiceID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// firstFault is what is wrong with the first message of a generation, or empty.
// The rates are the REST call's list. Whether an empty text may be the last piece is not documented.
func (q quirks) firstFault(m message) string {
	rates := []int{0, 8000, 16000, 22050, 24000, q.rate44, 48000}
	switch {
	case m.VoiceID == nil || *m.VoiceID == "":
		return "voiceId is required"
	case !voiceID.MatchString(*m.VoiceID) || *m.VoiceID == unknownVoice:
		return "voice not found"
	case !slices.Contains(rates, m.SampleRate):
		return "unsupported sampleRate"
	case utf8.RuneCountInString(m.text()) > maxText:
		return tooLong
	case m.FinalText && m.text() == "" && !q.emptyFinal:
		return noText
	}
	return ""
}

// Texts of errors that arise in more than one place. All texts are the emulator's own.
const (
	tooLong = "text exceeds 5000 characters"
	noText  = "text is required"
)
