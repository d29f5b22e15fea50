package downstream

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/relay/refusals"
)

// ErrDrained is the cause that ends a client which had its time when the relay stopped.
var ErrDrained = errors.New("drained")

// answerPatience bounds how long a client may take for an answer, but for speech, which has a bound of its own.
const answerPatience = time.Minute

// AllowTime lets a client take its time for an answer, from now on.
func AllowTime(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerPatience)) // fails only where the connection is over
}

// Invalid refuses a field, or with an empty name the whole request.
func Invalid(param, message string) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeInvalidRequest, Param: param, Message: message}
}

// Unsupported refuses a format of audio that can't be had; param names the field that asks for it.
func Unsupported(param, message string) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeUnsupportedFormat, Param: param, Message: message}
}

// GoingAway refuses what comes while the relay stops.
func GoingAway() *protocol.Error {
	return &protocol.Error{Code: protocol.CodeDraining, Message: "the relay is shutting down"}
}

// Parameters reads a query that has no parameters but those known and the key, each once.
func Parameters(rawQuery string, known ...string) (url.Values, *protocol.Error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, Invalid("", "malformed query")
	}
	for name, values := range query {
		if name != "api_key" && !slices.Contains(known, name) {
			return nil, Invalid(name, "unknown query parameter "+name)
		}
		if len(values) > 1 {
			return nil, Invalid(name, "query parameter "+name+" is repeated")
		}
	}
	return query, nil
}

// WireError is an error of the engine by the relay's own protocol; nil for nil.
func WireError(err *refusals.Error) *protocol.Error {
	if err == nil {
		return nil
	}
	wire := &protocol.Error{Code: protocol.Code(err.Code), Param: err.Param, Message: err.Message, RetryAfter: err.RetryAfter}
	if f := err.First; f != nil {
		wire.First = &protocol.First{GenerationID: f.GenerationID, RecordID: f.RecordID, State: string(f.State)}
	}
	for _, o := range err.PassedOver {
		wire.PassedOver = append(wire.PassedOver, protocol.PassedOver{Provider: o.Provider, Why: string(o.Why)})
	}
	return wire
}

// WriteError answers a request with an error of the relay's own protocol.
func WriteError(w http.ResponseWriter, err *protocol.Error) {
	WriteRefusal(w, err.HTTPStatus(), err, protocol.EncodeBody(err))
}

// WriteRefusal answers a request with an error whose body is a dialect's own, in JSON.
func WriteRefusal(w http.ResponseWriter, status int, err *protocol.Error, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	AskLater(w, status, err.RetryAfter)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have left
}

// AskLater says in how many seconds to ask again, where that is what the status means: at least one, since a program that
// is told none takes a default of its own, or asks at once.
func AskLater(w http.ResponseWriter, status int, after time.Duration) {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		seconds := max(1, (after+time.Second-1)/time.Second)
		w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
}
