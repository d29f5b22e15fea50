package vendorhttp

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"voicerelay/upstream"
)

// Answer is a vendor's answer to one request, of a status that means success. It is used by the call of Dialect.Play alone.
type Answer struct {
	Header http.Header

	body    io.Reader
	out     func(f upstream.Frame)
	buf     []byte // for what is read
	ended   bool   // the body has been read to its end
	metered upstream.Metered
}

// NewAnswer is an answer whose frames of audio out gets. Streams make their own; this is for adapters' tests.
func NewAnswer(header http.Header, body io.Reader, out func(f upstream.Frame)) *Answer {
	return &Answer{Header: header, body: body, out: out, buf: make([]byte, readBuffer)}
}

// Read reads the body, like an io.Reader. An error but io.EOF is an *upstream.Error: the connection ended within it.
func (a *Answer) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		a.ended = true
		return n, io.EOF
	}
	return n, lost(err)
}

// next is what comes next of the body, valid until the next call; nil: the end.
func (a *Answer) next() ([]byte, *upstream.Error) {
	for {
		n, err := a.Read(a.buf)
		switch {
		case n > 0:
			return a.buf[:n], nil // an error comes again
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, lost(err)
		}
	}
}

// Audio hands a frame on. Its bytes are valid during the call only.
func (a *Answer) Audio(f upstream.Frame) { a.out(f) }

// Metered notes what the vendor says that it counted of the request. What is more than any request takes is not believed.
func (a *Answer) Metered(m upstream.Metered) {
	const most = 1 << 40 // so that no sum of a stream's requests overflows
	for _, n := range []int64{m.Characters, m.InputTokens, m.OutputTokens} {
		if n < 0 || n > most {
			return
		}
	}
	a.metered = m
}

// Type is the media type that the header names, in lower case, and its parameters; empty where it names none.
func (a *Answer) Type() (media string, params map[string]string) {
	media, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", nil
	}
	return media, params
}

// maxRefusal is how much of a refusal is read, in bytes: what explains it stands at its beginning.
const maxRefusal = 64 << 10

// Rest is the beginning of what has not been read of the body, for one that explains a failure.
func (a *Answer) Rest() []byte {
	rest, _ := io.ReadAll(io.LimitReader(a, maxRefusal)) // what came of it is all there is
	return rest
}
