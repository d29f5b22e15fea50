package emulatortest

import (
	"errors"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// ErrStop is why tests stop streams.
var ErrStop = errors.New("the test has heard enough")

// Named is the rig's request with another id.
func (r *Rig) Named(id string) upstream.Request {
	req := r.Request
	req.ID = id
	return req
}

// TryOpen opens a stream.
func (r *Rig) TryOpen(req upstream.Request) (*upstreamtest.Line, error) {
	r.Helper()
	return upstreamtest.OpenLine(r.TB, r.Provider, req, r.secrets...)
}

// Begin opens a stream, which must not fail.
func (r *Rig) Begin(req upstream.Request) *upstreamtest.Line {
	r.Helper()
	l, err := r.TryOpen(req)
	if err != nil {
		r.Fatalf("Open: %v", err)
	}
	return l
}

// Try speaks pieces to their end, all ordered at once. Where no stream could be opened that is the end.
func (r *Rig) Try(req upstream.Request, texts ...string) upstreamtest.Heard {
	r.Helper()
	l, err := r.TryOpen(req)
	if err != nil {
		return upstreamtest.Heard{Err: err}
	}
	l.Order(true, texts...)
	return l.Finish()
}

// Say speaks pieces to their end, all ordered at once, on a stream that can be opened.
func (r *Rig) Say(req upstream.Request, texts ...string) upstreamtest.Heard {
	r.Helper()
	l := r.Begin(req)
	l.Order(true, texts...)
	return l.Finish()
}
