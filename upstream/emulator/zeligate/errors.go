package zeligate

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// zeliError is something that is wrong. The reference has its HTTP shape only.
type zeliError struct {
	http   int    // status
	status string // the vendor's name of it, or a validation error's type
	text   string
	field  string // of a validation error
}

// respond answers a request over HTTP.
func (e *zeliError) respond(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.http)
	_ = json.NewEncoder(w).Encode(e.detail()) // the client may have gone
}

// detail is the HTTP envelope: an object for what is logically wrong, a list for input that is not valid.
func (e *zeliError) detail() engine.Object {
	if e.http != http.StatusUnprocessableEntity {
		return engine.Object{"detail": engine.Object{"status": e.status, "message": e.text}}
	}
	loc := []string{"body"}
	if e.field != "" {
		loc = append(loc, e.field)
	}
	return engine.Object{"detail": []engine.Object{{"loc": loc, "msg": e.text, "type": e.status}}}
}

// flat is the error frame of the protocol that is mirrored.
func (e *zeliError) flat() engine.Object {
	return engine.Object{"message": e.text, "error": e.status, "code": int(websocket.StatusPolicyViolation)}
}

// The errors that the reference lists. Their texts are not documented.

func zeliNoKey() *zeliError {
	return &zeliError{http: http.StatusUnauthorized, status: "missing_api_key", text: "An API key is required."}
}

func zeliBadKey() *zeliError {
	return &zeliError{http: http.StatusUnauthorized, status: "invalid_api_key", text: "The API key is not valid."}
}

func zeliBadFormat() *zeliError {
	return &zeliError{http: http.StatusBadRequest, status: "invalid_output_format", text: "The output format is not known."}
}

func zeliNoVoice() *zeliError {
	return &zeliError{http: http.StatusNotFound, status: "voice_not_found", text: "There is no such voice."}
}

// zeliIdle is borrowed from the mirrored protocol, which has an id for it.
func zeliIdle() *zeliError {
	return &zeliError{
		http: http.StatusRequestTimeout, status: "input_timeout_exceeded",
		text: "Have not received a new text input within the timeout.",
	}
}

// zeliInvalid is a validation error.
func zeliInvalid(field, kind, text string) *zeliError {
	return &zeliError{http: http.StatusUnprocessableEntity, status: kind, text: text, field: field}
}

// zeliLoading is worth another try shortly.
func zeliLoading() *zeliError {
	return &zeliError{http: http.StatusServiceUnavailable, status: "model_loading", text: "The model is loading. Try again shortly."}
}

// zeliDocumented lists the errors that have a name and a status.
func zeliDocumented() []*zeliError {
	return []*zeliError{zeliNoKey(), zeliBadKey(), zeliBadFormat(), zeliNoVoice(), zeliLoading(), zeliIdle()}
}

// zeliNamed is the error of a name, which may be none of the reference's.
func zeliNamed(name string) *zeliError {
	for _, e := range zeliDocumented() {
		if e.status == name {
			return e
		}
	}
	return &zeliError{http: http.StatusInternalServerError, status: name, text: "Something went wrong."}
}

// zeliStatus is the error that an HTTP status stands for. Of two keys that are no good, it is the one that was sent.
func zeliStatus(status int) *zeliError {
	for _, e := range slices.Backward(zeliDocumented()) {
		if e.http == status {
			return e
		}
	}
	return &zeliError{http: status, status: strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), text: http.StatusText(status)}
}

// tell tells an error in the drawn way and returns how the socket ends.
func (z *zeligate) tell(conn *websocket.Conn, e *zeliError) zeliEnd {
	switch z.quirks.telling {
	case tellFlat:
		engine.Send(conn, e.flat())
		return zeliEnd{code: websocket.StatusPolicyViolation, reason: e.text}
	case tellDetail:
		engine.Send(conn, e.detail())
		if z.quirks.staysOpen {
			return zeliEnd{}
		}
	}
	return zeliEnd{code: websocket.StatusCode(z.quirks.closeCode)}
}

// zeliEnd is how the server ends a socket.
type zeliEnd struct {
	code   websocket.StatusCode // 0: the socket is left to the client
	reason string
	broken bool // the connection breaks
}

// apply ends the socket. Where the client does not answer the close, ctx's end does.
func (e zeliEnd) apply(ctx context.Context, conn *websocket.Conn) {
	switch {
	case ctx.Err() != nil:
	case e.broken:
		_ = conn.CloseNow() // that is the fault
	case e.code != 0:
		_ = conn.Close(e.code, e.reason) // the client may have gone
	}
}
