package openai

import (
	"encoding/base64"

	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// Around the audio of an event, which is base64. LiveKit reads lines that begin with "data: " alone.
const (
	eventHead = `data: {"type":"speech.audio.delta","audio":"`
	eventTail = "\"}\n\n"
	// eventsEnd is the last event. The relay counts no tokens, and clients want integers.
	eventsEnd = `data: {"type":"speech.audio.done","usage":{"input_tokens":0,"output_tokens":0,"total_tokens":0}}` + "\n\n"
)

// eventsForm is a body of server-sent events.
type eventsForm struct{ bareForm }

// Encoder implements body.Form.
func (eventsForm) Encoder() relay.Encoder { return eventEncoder{} }

// Silence implements body.Form.
func (eventsForm) Silence(dst, audio []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(dst, eventHead...), audio), eventTail...)
}

// End implements body.Form.
func (f eventsForm) End(dst []byte, r relay.Result) ([]byte, bool) {
	dst, whole := f.bareForm.End(dst, r)
	if whole {
		dst = append(dst, eventsEnd...)
	}
	return dst, whole
}

// eventEncoder makes an event of each frame.
type eventEncoder struct{ body.BareEncoder }

// Form implements relay.Encoder.
func (eventEncoder) Form() relay.AudioForm { return relay.Base64 }

// AppendHead implements relay.Encoder.
func (eventEncoder) AppendHead(dst []byte, _ relay.Frame) []byte { return append(dst, eventHead...) }

// AppendTail implements relay.Encoder.
func (eventEncoder) AppendTail(dst []byte, _ relay.Frame) []byte { return append(dst, eventTail...) }
