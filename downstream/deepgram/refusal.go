package deepgram

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// Headers of an answer.
const (
	headerRequest = "Dg-Request-Id"
	headerError   = "Dg-Error"
)

// refusal is the body of an answer that is an error.
type refusal struct {
	Code      string `json:"err_code"`
	Message   string `json:"err_msg"`
	RequestID string `json:"request_id"`
}

// refuse is a downstream.ErrorWriter.
func refuse(w http.ResponseWriter, err *protocol.Error) {
	id := identify(w)
	message := oneLine(err.Message)
	w.Header().Set(headerError, asciiLine(message))
	downstream.WriteRefusal(w, err.HTTPStatus(), err, downstream.Encode(refusal{refusalCode(err), message, id}))
}

// identify gives an answer its id, if it has none.
func identify(w http.ResponseWriter) string {
	if id := w.Header().Get(headerRequest); id != "" {
		return id
	}
	id := rand.Text()
	w.Header().Set(headerRequest, id)
	return id
}

// refusalCodes are our errors in the words of the vendor's; what is not here is told as it is called here.
var refusalCodes = map[protocol.Code]string{
	protocol.CodeInvalidRequest:     "Bad Request",
	protocol.CodeUnsupportedFormat:  "INVALID_QUERY_PARAMETER",
	protocol.CodeUnknownVoice:       "INVALID_QUERY_PARAMETER",
	protocol.CodeUnknownRoute:       "INVALID_QUERY_PARAMETER",
	protocol.CodeAuthFailed:         "INVALID_AUTH",
	protocol.CodeQuotaExceeded:      "PAYMENT_REQUIRED",
	protocol.CodeNotAllowed:         "INSUFFICIENT_PERMISSIONS",
	protocol.CodeTextTooLong:        "PAYLOAD_TOO_LARGE",
	protocol.CodeRateLimitExceeded:  "TOO_MANY_REQUESTS",
	protocol.CodeTooManyGenerations: "TOO_MANY_REQUESTS",
	protocol.CodeTooManyConnections: "TOO_MANY_REQUESTS",
}

func refusalCode(err *protocol.Error) string {
	if code, ok := refusalCodes[err.Code]; ok {
		return code
	}
	return strings.ToUpper(string(err.Code))
}

// oneLine is a text without line breaks and other control characters.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// asciiLine is a line as a header may have it.
func asciiLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, s)
}
