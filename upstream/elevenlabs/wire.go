package elevenlabs

import (
	"encoding/json"
	"strconv"

	"voicerelay/audio"
)

// requestIDHeader is in the vendor's answers over HTTP. That the answer to a handshake has it is assumed.
const requestIDHeader = "request-id"

// openFrame opens a context. The settings must stand in a context's first message, and in no other.
type openFrame struct {
	Text          string        `json:"text"` // a single space
	ContextID     string        `json:"context_id"`
	VoiceSettings voiceSettings `json:"voice_settings,omitzero"`
	Dictionaries  []dictionary  `json:"pronunciation_dictionary_locators,omitempty"`
}

// voiceSettings are a context's own. What is left out is the voice's.
type voiceSettings struct {
	Stability       *float64 `json:"stability,omitempty"`
	SimilarityBoost *float64 `json:"similarity_boost,omitempty"`
	Style           *float64 `json:"style,omitempty"`
	UseSpeakerBoost *bool    `json:"use_speaker_boost,omitempty"`
	Speed           float64  `json:"speed,omitempty"` // 0.7 to 1.2; left out at 1
}

// dictionary names a version of a pronunciation dictionary.
type dictionary struct {
	ID      string `json:"pronunciation_dictionary_id"`
	Version string `json:"version_id"`
}

// textFrame appends text to a context, with the order to speak all that it has.
type textFrame struct {
	Text      string `json:"text"`
	ContextID string `json:"context_id"`
	Flush     bool   `json:"flush"`
}

// closeFrame ends a context: what was flushed is spoken still, and isFinal follows. Without it isFinal never comes, not
// after a bare flush either, as users of the vendor have measured.
type closeFrame struct {
	ContextID    string `json:"context_id"`
	CloseContext bool   `json:"close_context"`
}

// keepAliveFrame keeps the socket, as Pipecat does. An empty text is no end here, and with no context named it opens none.
type keepAliveFrame struct {
	Text string `json:"text"`
}

// encode is a frame's JSON. All frames are of types that always have one, their numbers being finite.
func encode(frame any) []byte {
	data, _ := json.Marshal(frame)
	return data
}

// outputFormat is the vendor's name of one of its formats.
func outputFormat(f audio.Format) string {
	switch f.Encoding {
	case audio.MuLaw:
		return "ulaw_8000"
	case audio.ALaw:
		return "alaw_8000"
	default:
		return "pcm_" + strconv.Itoa(f.Rate)
	}
}

// frame is any frame from the vendor but audio alone. None says what it is: it is known by what it has.
type frame struct {
	Audio json.RawMessage `json:"audio"` // a string of base64, null in a last frame

	IsFinal      bool `json:"isFinal"`                 // the context's end; null before
	IsFinalSnake bool `json:"is_final"`                // the same, as some examples have it, and the end of a dialogue
	TurnIsOver   bool `json:"is_final_audio_for_turn"` // the end of a dialogue's turn

	ContextID      *string `json:"contextId"`
	ContextIDSnake *string `json:"context_id"` // the same, as seen lately

	Alignment           *alignment `json:"alignment"`            // of the text that was sent
	NormalizedAlignment *alignment `json:"normalizedAlignment"`  // of the text as it is spoken
	NormalizedSnake     *alignment `json:"normalized_alignment"` // the same, of a dialogue

	Error   json.RawMessage `json:"error"`   // an identifier
	Message json.RawMessage `json:"message"` // free text
	Code    json.RawMessage `json:"code"`    // the code of the close that follows
}

// alignment says when characters are spoken, in milliseconds of their segment. Two of its names have three spellings, of which the
// last is that of dialogues.
type alignment struct {
	Chars         []string  `json:"chars"`
	Starts        []float64 `json:"charStartTimesMs"`
	StartsPlural  []float64 `json:"charsStartTimesMs"`
	Lengths       []float64 `json:"charDurationsMs"`
	LengthsPlural []float64 `json:"charsDurationsMs"`
	StartsSnake   []float64 `json:"char_start_times_ms"`
	LengthsSnake  []float64 `json:"char_durations_ms"`
}

// starts are when the characters begin.
func (a *alignment) starts() []float64 {
	return firstOf(a.Starts, a.StartsPlural, a.StartsSnake)
}

// lengths are how long the characters take.
func (a *alignment) lengths() []float64 {
	return firstOf(a.Lengths, a.LengthsPlural, a.LengthsSnake)
}

// firstOf is the first list that there is.
func firstOf(spellings ...[]float64) []float64 {
	for _, list := range spellings {
		if list != nil {
			return list
		}
	}
	return nil
}

// context is the id of the frame's context; empty: it names none.
func (f *frame) context() string {
	for _, id := range []*string{f.ContextID, f.ContextIDSnake} {
		if id != nil {
			return *id
		}
	}
	return ""
}

// final reports whether the frame ends its context.
func (f *frame) final() bool { return f.IsFinal || f.IsFinalSnake }

// times is the frame's alignment, of the text that was sent where there is one; nil: it has none.
func (f *frame) times() *alignment {
	if f.Alignment != nil && len(f.Alignment.Chars) > 0 {
		return f.Alignment
	}
	if f.NormalizedAlignment != nil {
		return f.NormalizedAlignment
	}
	return f.NormalizedSnake
}

// failed reports whether the frame is an error. A message is one only where it comes instead of audio or the end.
func (f *frame) failed() bool {
	if present(f.Error) {
		return true
	}
	return !present(f.Audio) && !f.final() && !f.TurnIsOver && (present(f.Message) || present(f.Code))
}

// present reports whether a member is there and not null.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
