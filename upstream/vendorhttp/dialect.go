package vendorhttp

import (
	"net/http"

	"voicerelay/upstream"
)

// Dialect is what an adapter adds for one stream. Request is called by several goroutines, Play by one, an answer at a time.
type Dialect interface {
	// Request has the vendor speak a text, which is not blank.
	Request(text string) Request
	// Refused says what an answer means whose status is no success.
	Refused(r Refusal) *upstream.Error
	// Play reads an answer up to where its speech ends, and gives its Audio all frames. An answer that it has not read to
	// its end may cost the connection.
	Play(a *Answer) *upstream.Error
}

// Refusal is an answer whose status is no success.
type Refusal struct {
	Status int
	Header http.Header
	Body   []byte // its beginning
}
