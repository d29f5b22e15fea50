package protocol

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Decode reads a command, and keeps nothing of data. It never panics, whatever data is. Exactly one of its
// results is nil.
func Decode(data []byte) (Command, *Error) {
	object, fault := envelope(data)
	if object == nil {
		return nil, fault
	}
	fields, strict := scan(object)
	if fault == nil {
		fault = strict
	}
	kind, unknown := commandType(fields)
	if fault == nil {
		fault = unknown
	}
	var cmd Command
	if fault == nil {
		cmd, fault = decodeFields(kind, fields)
	}
	if fault == nil {
		return cmd, nil
	}
	fault.Command, fault.GenerationID = kind, echoedID(fields)
	return nil, fault
}

// envelope is the one object that data is. Where something stands after the object, that is the fault,
// and the object is given all the same for what it says of itself.
func envelope(data []byte) ([]byte, *Error) {
	if !utf8.Valid(data) {
		return nil, malformed("a message must be valid UTF-8")
	}
	object := bytes.TrimLeft(data, " \t\r\n")
	if len(object) == 0 || !isObject(object) {
		return nil, malformed("a message must be a JSON object")
	}
	if json.Valid(object) {
		return object, nil
	}
	var first json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(object)).Decode(&first); err != nil {
		return nil, malformed("a message must be a JSON object; this one is not well-formed")
	}
	return first, malformed("a message must be one JSON object, with nothing after it")
}

func malformed(message string) *Error {
	return &Error{Code: CodeInvalidRequest, Message: message, malformed: true}
}

// commandType is the message's type where that is one of a command, else empty with the fault.
func commandType(fields []field) (string, *Error) {
	raw, ok := only(fields, "type")
	if !ok {
		return "", invalid("type", "type is missing")
	}
	kind, ok := unquote(raw)
	if !ok {
		return "", mustBe("type", "a string")
	}
	switch kind {
	case nameGenerate, nameAppend, nameFlush, nameFinish, nameCancel, namePlayed, nameConfigure, namePing:
		return kind, nil
	}
	return "", mustBe("type", "one of generate, append, flush, finish, cancel, played, configure, ping")
}

// echoedID is the generation id for an error: empty where it is missing, invalid or ambiguous.
func echoedID(fields []field) string {
	raw, ok := only(fields, "generation_id")
	if !ok {
		return ""
	}
	id, err := parseID("generation_id", raw)
	if err != nil {
		return ""
	}
	return id
}

// only is the value of the field of that name, where exactly one has it.
func only(fields []field, name string) (raw []byte, ok bool) {
	for _, f := range fields {
		if f.name != name {
			continue
		}
		if ok {
			return nil, false
		}
		raw, ok = f.raw, true
	}
	return raw, ok
}

// decodeFields makes the command of a type that commandType knows.
func decodeFields(kind string, fields []field) (Command, *Error) {
	r := reader{fields: fields, nullable: kind == nameConfigure}
	r.take("type")
	var cmd Command
	switch kind {
	case nameGenerate:
		cmd = decodeGenerate(&r)
	case nameAppend:
		cmd = decodeAppend(&r)
	case nameFlush:
		cmd = &Flush{GenerationID: required(&r, "generation_id", parseID)}
	case nameFinish:
		cmd = &Finish{GenerationID: required(&r, "generation_id", parseID)}
	case nameCancel:
		cmd = decodeCancel(&r)
	case namePlayed:
		cmd = &Played{Played: required(&r, "played", parsePlayed)}
	case nameConfigure:
		cmd = &Configure{Settings: decodeSettings(&r, EncodingPCM16)}
	default:
		cmd = &Ping{ID: optional(&r, "id", boundedText(0, MaxIDLength))}
	}
	if err := r.close(); err != nil {
		return nil, err
	}
	return cmd, nil
}

func decodeGenerate(r *reader) *Generate {
	return &Generate{
		GenerationID:   required(r, "generation_id", parseID),
		IdempotencyKey: optional(r, "idempotency_key", boundedText(1, MaxIDLength)).Value,
		Text:           required(r, "text", parseText),
		ContextID:      optional(r, "context_id", parseID).Value,
		Final:          flag(r, "final", true),

		TextIdleTimeoutMS: optional(r, "text_idle_timeout_ms", parseTextIdle),

		Traceparent: optional(r, "traceparent", parseTraceparent).Value,
		Tracestate:  optional(r, "tracestate", parseTracestate).Value,

		Settings: decodeSettings(r, EncodingPCM16),
	}
}

func decodeAppend(r *reader) *Append {
	return &Append{
		GenerationID: required(r, "generation_id", parseID),
		Text:         required(r, "text", parseText),
		Final:        flag(r, "final", false),
	}
}

// decodeSettings reads settings; encoding is that of an output that names none.
func decodeSettings(r *reader, encoding string) Settings {
	return Settings{
		Voice:           optional(r, "voice", boundedText(1, MaxNameLength)),
		Route:           optional(r, "route", boundedText(1, MaxNameLength)),
		Language:        optional(r, "language", parseLanguage),
		Speed:           optional(r, "speed", parseSpeed),
		Output:          optional(r, "output", outputOr(encoding)),
		WordTimestamps:  optional(r, "word_timestamps", parseBool),
		Normalize:       optional(r, "normalize", parseBool),
		ProviderOptions: optional(r, "provider_options", parseProviderOptions),
		Metadata:        optional(r, "metadata", parseMetadata),
		ConversationID:  optional(r, "conversation_id", parseID),
	}
}

func decodeCancel(r *reader) *Cancel {
	generation := optional(r, "generation_id", parseID)
	group := optional(r, "context_id", parseID)
	all := optional(r, "all", parseBool)
	playedMS := optional(r, "played_ms", parsePlayedMS)
	played := optional(r, "played", parsePlayed)
	const one = "a cancel must name exactly one of generation_id, context_id and all"
	switch {
	case all.Set && !all.Value:
		r.fail(mustBe("all", "true where it is given"))
	case generation.Set && group.Set:
		r.fail(invalid("context_id", one))
	case (generation.Set || group.Set) && all.Set:
		r.fail(invalid("all", one))
	case !generation.Set && !group.Set && !all.Set:
		r.fail(invalid("generation_id", one))
	case playedMS.Set && !generation.Set:
		r.fail(invalid("played_ms", "played_ms goes with generation_id only; with context_id or all it is played"))
	case played.Set && generation.Set:
		r.fail(invalid("played", "played goes with context_id or all only; with generation_id it is played_ms"))
	}
	return &Cancel{
		GenerationID: generation.Value,
		ContextID:    group.Value,
		All:          all.Value,
		PlayedMS:     playedMS,
		Played:       played.Value,
	}
}
