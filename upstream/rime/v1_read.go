package rime

import (
	"net/http"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// v1 is what the pool must know of the protocol.
type v1 struct {
	address string
	header  http.Header
}

var _ vendorsocket.Greeter = (*v1)(nil)

// Address is one for all: voices and formats go in frames.
func (d *v1) Address(string) (string, http.Header) { return d.address, d.header }

// Refused is as HTTP has it.
func (d *v1) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *v1) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: the vendor has no such message, and every context's text is complete at once.
func (d *v1) KeepAlive(string) []byte { return nil }

// Greet waits for ready, before which no context may be opened. It says nothing of the key, which the first context may be
// refused for.
func (d *v1) Greet(binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	var e envelope
	if err := upstream.DecodeFrame(binary, data, &e); err != nil {
		return nil, false, err
	}
	if e.Error != nil {
		return nil, false, e.fault()
	}
	return nil, e.Ready != nil, nil
}

// Frame reads a frame from the vendor. Audio, nearly all there is, is scanned without a decoder.
func (d *v1) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if id, base64, ok := scanAudio(data); ok && !binary {
		if s, piece := find(m, id); s != nil {
			s.audio(piece, base64)
		}
		return nil
	}
	var e envelope
	if err := upstream.DecodeFrame(binary, data, &e); err != nil {
		return err
	}
	if e.ContextID == "" {
		return e.ofSocket()
	}
	e.ofContext(m)
	return nil
}

// scanAudio takes a usual frame of audio apart, both parts being pieces of data. It reports false for any other frame.
func scanAudio(data []byte) (id, base64 []byte, ok bool) {
	fields := [...]upstream.Field{
		{Name: "contextId"}, {Name: "audio"}, {Name: "done"}, {Name: "error"}, {Name: "cancelled"}, {Name: "started"}, {Name: "ready"},
	}
	if !upstream.ScanFlat(data, fields[:]) {
		return nil, nil, false
	}
	for _, other := range fields[2:] {
		if !other.Absent() {
			return nil, nil, false
		}
	}
	if id, ok = fields[0].Text(); !ok || len(id) == 0 {
		return nil, nil, false
	}
	base64, ok = fields[1].Text()
	return id, base64, ok
}

// find is the stream that a context belongs to, and the piece that it is. Contexts of streams that have left are late ones.
func find(m *vendorsocket.Mux, id []byte) (*stream, int) {
	name, piece, ok := vendorsocket.SplitID(id)
	if !ok {
		return nil, 0
	}
	s, _ := m.Member(name).(*stream)
	return s, piece
}

// fault is the error of an error.
func (e *envelope) fault() *upstream.Error {
	err := kindError(e.Error.Kind)
	err.RequestID = upstream.RequestIDIn(e.Error.RequestID)
	return err
}

// ofSocket handles a frame that names no context. What is not known is of no interest.
func (e *envelope) ofSocket() *upstream.Error {
	switch {
	case e.Error != nil:
		return e.fault()
	case e.Started != nil, e.Audio != nil, e.Done != nil, e.Cancelled != nil:
		return upstream.GarbledError("the vendor sent a frame that names no context")
	}
	return nil
}

// ofContext hands a frame to its stream. A late end is the vendor's word that the stream, which was stopped, is over.
func (e *envelope) ofContext(m *vendorsocket.Mux) {
	s, piece := find(m, []byte(e.ContextID))
	switch {
	case s == nil:
		name, _, ok := vendorsocket.SplitID([]byte(e.ContextID))
		if ok && (e.Done != nil || e.Cancelled != nil || e.Error != nil) {
			m.Confirm(name)
		}
	case e.Error != nil:
		s.over(piece, nil, e.fault())
	case e.Cancelled != nil:
		s.over(piece, nil, &upstream.Error{Kind: upstream.Dropped, Message: "the vendor cancelled the context"})
	case e.Done != nil:
		s.over(piece, e.Done, nil)
	case e.Audio != nil:
		s.audio(piece, upstream.Base64(*e.Audio))
	case e.Started != nil:
		s.started(piece, upstream.RequestIDIn(e.Started.RequestID))
	}
}
