package inworld

import (
	"encoding/json"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Frame reads a frame from the vendor. Audio, nearly all there is, is scanned without a decoder, but for its times.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if id, base64, times, ok := scanAudio(data); ok && !binary {
		if s, _ := m.Member(id).(*stream); s != nil {
			s.audio(base64, times)
		}
		return nil
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	switch {
	case f.Error != nil:
		return f.Error.ofSocket(m)
	case f.Result == nil:
		return nil // of no interest
	case f.Result.ContextID == "":
		return f.Result.ofSocket(m)
	}
	return f.Result.ofContext(m)
}

// ofSocket is an error that names no context. It is the socket's, unless it may be the answer to an order to stop.
func (st *status) ofSocket(m *vendorsocket.Mux) *upstream.Error {
	for _, member := range m.Members() {
		if s, ok := member.(*stream); ok && s.refuses(m, st.Code) {
			return nil
		}
	}
	return statusError(st.Code)
}

// ofSocket handles a result that names no context. What is not known is of no interest.
func (r *result) ofSocket(m *vendorsocket.Mux) *upstream.Error {
	switch {
	case r.Status.Code != 0:
		return r.Status.ofSocket(m)
	case r.AudioChunk != nil, present(r.FlushCompleted), present(r.ContextClosed):
		return upstream.GarbledError("the vendor sent a frame that names no context")
	}
	return nil
}

// ofContext hands a result to its stream.
func (r *result) ofContext(m *vendorsocket.Mux) *upstream.Error {
	s, _ := m.Member([]byte(r.ContextID)).(*stream)
	switch {
	case s == nil:
		r.confirm(m)
	case r.Status.Code != 0:
		s.failed(m, r.Status.Code)
	default:
		return r.give(m, s)
	}
	return nil
}

// give hands on what the result has of its stream, which is one thing as a rule.
func (r *result) give(m *vendorsocket.Mux, s *stream) *upstream.Error {
	if c := r.AudioChunk; c != nil {
		if c.AudioContent == nil && c.TimestampInfo == nil {
			return upstream.GarbledError("the vendor sent a chunk without audio")
		}
		var base64 []byte
		if c.AudioContent != nil {
			base64 = upstream.Base64(*c.AudioContent)
		}
		s.audio(base64, c.TimestampInfo)
	}
	if present(r.FlushCompleted) {
		s.flushed()
	}
	if present(r.ContextClosed) {
		s.closed()
		m.Confirm([]byte(r.ContextID)) // it may have left just now
	}
	return nil
}

// confirm takes an end that comes late for the vendor's word that the cancelled stream is over.
func (r *result) confirm(m *vendorsocket.Mux) {
	if present(r.ContextClosed) || r.Status.Code == notFound {
		m.Confirm([]byte(r.ContextID))
	}
}

// The members of a result that the scanner looks for, by their places in its fields. All that are objects must be among them.
const (
	contextField = iota
	statusField
	chunkField
	resultFields
)

// scanAudio takes a frame of audio apart, all parts but the times being pieces of data. It reports false for any other.
func scanAudio(data []byte) (id, base64 []byte, times *timestampInfo, ok bool) {
	outer := [...]upstream.Field{{Name: "result", Nested: true}}
	if !upstream.ScanFlat(data, outer[:]) || outer[0].Absent() {
		return nil, nil, nil, false
	}
	fields := [resultFields]upstream.Field{
		contextField: {Name: "contextId"},
		statusField:  {Name: "status", Nested: true},
		chunkField:   {Name: "audioChunk", Nested: true},
	}
	if !upstream.ScanFlat(outer[0].Raw, fields[:]) || !well(fields[statusField]) {
		return nil, nil, nil, false
	}
	if id, ok = fields[contextField].Text(); !ok || len(id) == 0 {
		return nil, nil, nil, false
	}
	chunk := [...]upstream.Field{{Name: "audioContent"}, {Name: "timestampInfo", Nested: true}, {Name: "usage", Nested: true}}
	if !upstream.ScanFlat(fields[chunkField].Raw, chunk[:]) {
		return nil, nil, nil, false
	}
	if base64, ok = chunk[0].Text(); !ok {
		return nil, nil, nil, false
	}
	if info := chunk[1]; !info.Absent() {
		times, ok = decodeTimes(info.Raw)
	}
	return id, base64, times, ok
}

// well reports whether a status says that all is well. One that is left out does.
func well(f upstream.Field) bool {
	if f.Absent() {
		return true
	}
	fields := [...]upstream.Field{{Name: "code"}, {Name: "details", Nested: true}}
	if !upstream.ScanFlat(f.Raw, fields[:]) {
		return false
	}
	code, ok := fields[0].Int()
	return fields[0].Absent() || ok && code == 0
}

// decodeTimes is apart so that frames without times allocate nothing.
func decodeTimes(raw []byte) (times *timestampInfo, ok bool) {
	err := json.Unmarshal(raw, &times)
	return times, err == nil
}
