package protocol

import "unicode/utf8"

// DecodeSpeech reads the body of a POST /v1/speech, and keeps nothing of data: a generate without its type, whose text
// comes whole and whose encoding is wav where it names none. The id is empty where it was left out. Exactly one of the
// results is nil.
func DecodeSpeech(data []byte) (*Generate, *Error) {
	object, fault := envelope(data)
	if object == nil {
		return nil, fault
	}
	fields, strict := scan(object)
	if fault == nil {
		fault = strict
	}
	if fault == nil {
		r := reader{fields: fields}
		speech := decodeSpeech(&r)
		if fault = r.close(); fault == nil {
			return speech, nil
		}
	}
	fault.GenerationID = echoedID(fields)
	return nil, fault
}

func decodeSpeech(r *reader) *Generate {
	g := &Generate{
		GenerationID:   optional(r, "generation_id", parseID).Value,
		IdempotencyKey: optional(r, "idempotency_key", boundedText(1, MaxIDLength)).Value,
		Text:           required(r, "text", parseText),
		ContextID:      optional(r, "context_id", parseID).Value,
		Final:          flag(r, "final", true),
		Settings:       decodeSettings(r, EncodingWAV),
	}
	if !g.Final {
		r.fail(mustBe("final", "true where it is given: over HTTP a text comes whole"))
	}
	if !g.Output.Set {
		g.Output = Setting[Output]{Set: true, Value: Output{Encoding: EncodingWAV, SampleRate: DefaultOutput().SampleRate}}
	}
	return g
}

// ValidKey reports whether s can be an idempotency key: 1 to 128 characters.
func ValidKey(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 1 && n <= MaxIDLength && utf8.ValidString(s)
}
