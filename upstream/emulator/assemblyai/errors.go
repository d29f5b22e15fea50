package assemblyai

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Codes of errors, which are those of the closes that follow them (docs).
const (
	badCredential  = 1008
	serverError    = 3005
	badInput       = 3006
	expired        = 3008
	tooMany        = 3009
	tooMuchWaiting = 3010
	cloneGone      = 3012
	cloneUnpaired  = 3014
)

// failure is an Error.
type failure struct {
	code       int
	kind, text string        // error_type, error
	param      string        // empty: none
	retryAfter time.Duration // 0: it does not say
}

func invalid(param, text string) *failure {
	return &failure{code: badInput, kind: "invalid_parameter", param: param, text: text}
}

// object is the failure as the client gets it.
// That which codes may be retried is the docs' table: what is the server's side, and a limit.
func (f failure) object() engine.Object {
	retryable := f.code == serverError || f.code == tooMany || f.code == expired || f.code == int(websocket.StatusInternalError) || f.code == int(websocket.StatusServiceRestart)
	o := engine.Object{"type": "Error", "error_code": f.code, "error": f.text, "error_type": f.kind, "retryable": retryable}
	if f.param != "" {
		o["param"] = f.param
	}
	if f.retryAfter > 0 {
		o["retry_after_seconds"] = math.Ceil(f.retryAfter.Seconds())
	}
	return o
}

// faultFailure is the failure that a fault asks for, by its code, or by a name, which is its error_type.
func faultFailure(f engine.Fault) failure {
	wrong := failure{code: cmp.Or(f.Code, serverError), text: "The request failed."}
	wrong.kind = map[int]string{
		badCredential: "unauthorized", badInput: "invalid_parameter", expired: "session_expired", tooMany: "rate_limited",
		cloneGone: "voice_not_found", cloneUnpaired: "voice_not_paired",
	}[wrong.code]
	if wrong.kind == "" {
		wrong.kind = strings.ToLower(f.Name)
	}
	return wrong
}
