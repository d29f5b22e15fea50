package downstream

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// bodyPatience bounds how long a request's body may take.
const bodyPatience = 10 * time.Second

// IdempotencyKey is the one that a request bears in a header; empty: it bears none.
func IdempotencyKey(r *http.Request, header string) (string, *protocol.Error) {
	values := r.Header.Values(header)
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", Invalid(header, header+" is repeated")
	case !protocol.ValidKey(values[0]):
		return "", Invalid(header, fmt.Sprintf("%s must be 1 to %d characters", header, protocol.MaxIDLength))
	}
	return values[0], nil
}

// ReadBody reads a body of at most so many bytes.
func ReadBody(w http.ResponseWriter, r *http.Request, most int) ([]byte, *protocol.Error) {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(bodyPatience)); err != nil {
		return nil, Invalid("", "the body can't be read")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(most)))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &protocol.Error{Code: protocol.CodeTextTooLong, Message: fmt.Sprintf("a body may have %d bytes", most)}
	case err != nil:
		return nil, Invalid("", "the body did not come whole") // the deadline stays, for what the server still discards
	}
	// From here on the server listens for the client's leaving, which may be late.
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return nil, Invalid("", "the body can't be read")
	}
	return body, nil
}
