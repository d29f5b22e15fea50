package kugelaudio

import (
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// errorTable are the vendor's error codes with their numbers and texts.
func errorTable() map[string]struct {
	number int
	text   string
} {
	type e = struct {
		number int
		text   string
	}
	return map[string]e{
		"VALIDATION_ERROR":     {400, "Invalid request"},
		"MISSING_VOICE_ID":     {400, "voice_id is required"},
		"UNAUTHORIZED":         {401, "Invalid API key"},
		"INSUFFICIENT_CREDITS": {402, "Insufficient credits"},
		"NOT_FOUND":            {404, "Voice not found"},
		"RATE_LIMITED":         {429, "Rate limit exceeded"},
		"TOO_MANY_CONTEXTS":    {429, "Too many contexts"},
		"INTERNAL_ERROR":       {500, "Audio generation failed"},
		"MODEL_UNAVAILABLE":    {503, "Model unavailable"},
		"EMPTY_AUDIO":          {500, "No audio was generated"},
	}
}

// tooLong is the one validation error with a number of its own.
const tooLong = "text is too long"

// sendError sends an error frame, of a context or (with an empty id) of the session.
func (c *connection) sendError(code, text, id string) {
	known := errorTable()[code]
	if text == "" {
		text = known.text
	}
	o := engine.Object{"error": text, "error_code": code, "code": known.number}
	if text == tooLong {
		o["code"] = http.StatusRequestEntityTooLarge
	}
	if id != "" {
		o["context_id"] = id
	}
	c.send(o)
}
