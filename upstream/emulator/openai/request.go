package openai

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a request. That of the text and the speeds are OpenAI's; the last bounds what the emulator reads of a client that floods.
const (
	maxInput           = 4096 // characters
	minSpeed, maxSpeed = 0.25, 4
	maxBody            = 1 << 20 // bytes
)

// models are those of OpenAI that speak, and the name that servers of Kokoro take.
func models() []string { return []string{"tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro"} }

// voices are OpenAI's, and some of Kokoro's.
func voices() []string {
	return []string{
		"alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
		"af_bella", "af_heart", "af_sky",
	}
}

// weight is how much of a voice is in a mixture, as Kokoro-FastAPI has it: af_bella+af_sky(2).
var weight = regexp.MustCompile(`\([0-9.]+\)$`)

// order is what a request asks for.
type order struct {
	model  string
	input  string
	format string
	speed  float64
	sse    bool
	stream *bool // nil: not said
}

// body is what a request says.
type body struct {
	Model          string          `json:"model"`
	Input          string          `json:"input"`
	Voice          json.RawMessage `json:"voice"`
	ResponseFormat string          `json:"response_format"`
	Speed          *float64        `json:"speed"`
	Instructions   string          `json:"instructions"`
	StreamFormat   string          `json:"stream_format"`
	Stream         *bool           `json:"stream"`
}

// read reads a request, or says why it is refused.
func (o *emulator) read(w http.ResponseWriter, r *http.Request) (order, *refusal) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return order{}, &refusal{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "The body must be JSON."}
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return order{}, &refusal{status: http.StatusRequestEntityTooLarge, code: "request_too_large", message: "The body is too large."}
	}
	var fields map[string]json.RawMessage
	if err != nil || json.Unmarshal(data, &fields) != nil {
		return order{}, invalid("body", "The body is no JSON object.")
	}
	for name := range fields {
		if o.refuses(name) {
			return order{}, invalid(name, "Extra inputs are not permitted: %.40s.", name)
		}
	}
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		wrong := (*json.UnmarshalTypeError)(nil)
		if errors.As(err, &wrong) {
			return order{}, invalid(wrong.Field, "The value has the wrong type.")
		}
		return order{}, invalid("body", "The body is no JSON object.")
	}
	return o.check(b)
}

// refuses reports whether a field is refused by its name alone.
func (o *emulator) refuses(name string) bool {
	switch name {
	case "model", "input", "voice", "response_format", "speed":
		return false
	case "instructions":
		return o.quirks.instructions == "refused"
	case "stream_format":
		return o.quirks.streamFormat == "refused"
	case "stream":
		return o.quirks.strict && !o.quirks.buffered
	}
	return o.quirks.strict
}

// check checks what was read.
func (o *emulator) check(b body) (order, *refusal) {
	a := order{model: b.Model, input: b.Input, format: b.ResponseFormat, speed: 1, stream: b.Stream, sse: b.StreamFormat == "sse" && o.quirks.streamFormat == "served"}
	if b.Speed != nil {
		a.speed = *b.Speed
	}
	voice, named := o.voice(b.Voice)
	switch {
	case b.Model == "":
		return a, invalid("model", "Field required: model.")
	case b.Input == "":
		return a, invalid("input", "Field required: input.")
	case !named:
		return a, invalid("voice", "Field required: voice.")
	case utf8.RuneCountInString(b.Input) > maxInput:
		return a, &refusal{status: http.StatusBadRequest, code: "string_above_max_length", message: "The input is longer than 4096 characters.", field: "input"}
	case a.speed < minSpeed || a.speed > maxSpeed:
		return a, invalid("speed", "The speed must be between 0.25 and 4.")
	case b.StreamFormat != "" && b.StreamFormat != "sse" && b.StreamFormat != "audio" && o.quirks.streamFormat == "served":
		return a, invalid("stream_format", "The stream format must be sse or audio.")
	case o.quirks.wrongModel != http.StatusOK && !slices.Contains(models(), b.Model):
		return a, &refusal{status: o.quirks.wrongModel, code: "model_not_found", message: "The model does not exist."}
	case !known(voice):
		return a, &refusal{status: o.quirks.wrongVoice, code: "VOICE_NOT_FOUND", message: "The voice does not exist."}
	}
	if o.quirks.fixedSpeed {
		a.speed = 1
	}
	if o.quirks.onlyWAV {
		a.format = "wav"
	}
	if a.format == "" {
		a.format = "mp3"
	}
	if !slices.Contains([]string{"pcm", "wav", "mp3", "opus"}, a.format) {
		return a, invalid("response_format", "The format is not supported.")
	}
	return a, nil
}

// voice is the voice that a request names, by a string or as an object.
func (o *emulator) voice(raw json.RawMessage) (name string, ok bool) {
	var custom struct {
		ID string `json:"id"`
	}
	if o.quirks.voiceObjects && json.Unmarshal(raw, &custom) == nil {
		return custom.ID, custom.ID != ""
	}
	return name, json.Unmarshal(raw, &name) == nil && name != ""
}

// known reports whether there is a voice, or a mixture of voices.
func known(voice string) bool {
	for part := range strings.SplitSeq(voice, "+") {
		if !slices.Contains(voices(), weight.ReplaceAllString(part, "")) {
			return false
		}
	}
	return true
}
