package together

import (
	"strings"

	"voicerelay/upstream/emulator/engine"
)

// failures are the messages of the errors whose fault is the client's. Of the codes, the reference has the
// first three; what it says of a bad text has no name.
func failures() map[string]string {
	return map[string]string{
		"invalid_api_key":     "Invalid API key provided",
		"missing_api_key":     "No API key provided",
		"model_not_available": "Model is not available",
		"invalid_text":        "Invalid text",
		"invalid_request":     "Invalid request",
		"invalid_voice":       "Voice is not available for this model",
		"too_many_contexts":   "Too many contexts",
	}
}

// failure is the failure event with a code.
// The shape is the API reference's: the error of an OpenAI-like envelope within conversation.item.tts.failed. That an error
// which is not the client's has type server_error is an assumption; only invalid_request_error is documented.
func failure(code, message string) engine.Object {
	kind := "invalid_request_error"
	known, ours := failures()[code]
	if !ours {
		kind, known = "server_error", "The server had an error"
	}
	if message == "" {
		message = known
	}
	return engine.Object{
		"type":  "conversation.item.tts.failed",
		"error": engine.Object{"message": message, "type": kind, "param": nil, "code": code},
	}
}

// faultCode is the code that a fault asks for: those of this vendor are lower case.
func faultCode(f engine.Fault) string { return strings.ToLower(f.Name) }

// unnamed is a failure event whose code is not documented.
// No code is documented for rates, overload, contexts beyond 100 or a text that is too long.
func (q quirks) unnamed(code, message string) engine.Object {
	o := failure(code, message)
	if q.nullCode {
		o["error"].(engine.Object)["code"] = nil
	}
	return o
}

// misuse is the error event, which is not in the reference's tables though clients know it.
// The guide's samples print its message; Pipecat takes it for fatal.
func (q quirks) misuse(message string) engine.Object {
	if q.errorFlat {
		return engine.Object{"type": "error", "message": message}
	}
	return engine.Object{"type": "error", "error": engine.Object{"message": message, "code": "invalid_request"}}
}
