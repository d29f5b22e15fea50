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
	var body []byte
	refused := StreamBody(w, r, most, func(in io.Reader) *protocol.Error {
		body, _ = io.ReadAll(in) // StreamBody says why it fails
		return nil
	})
	return body, refused
}

// StreamBody has a body of at most so many bytes read as it comes. Where it can't be read, that is what refuses it, whatever read
// says.
func StreamBody(w http.ResponseWriter, r *http.Request, most int, read func(io.Reader) *protocol.Error) *protocol.Error {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(bodyPatience)); err != nil {
		return Invalid("", "the body can't be read")
	}
	in := &bodyReader{from: http.MaxBytesReader(w, r.Body, int64(most))}
	refused := read(in)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(in.failed, &tooLarge):
		return &protocol.Error{Code: protocol.CodeTextTooLong, Message: fmt.Sprintf("a body may have %d bytes", most)}
	case in.failed != nil:
		return Invalid("", "the body did not come whole") // the deadline stays, for what the server still discards
	case refused != nil:
		return refused
	}
	// From here on the server listens for the client's leaving, which may be late.
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return Invalid("", "the body can't be read")
	}
	return nil
}

// bodyReader notes why a body can't be read to its end.
type bodyReader struct {
	from   io.Reader
	failed error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}
