package rime

import (
	"encoding/json"
	"net/http"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// ws3 is what the pool must know of the protocol.
type ws3 struct {
	base   string
	header http.Header
}

// Address is the base and the key, which is the query.
func (d *ws3) Address(key string) (string, http.Header) { return d.base + "?" + key, d.header }

// Refused is as HTTP has it.
func (d *ws3) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *ws3) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: the vendor has no such message.
func (d *ws3) KeepAlive(string) []byte { return nil }

// Frame reads a frame from the vendor. Chunks, nearly all there are, are scanned without a decoder. What comes while no stream is here
// is late.
func (d *ws3) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if base64, ok := scanChunk(data); ok && !binary {
		if s, ok := m.Only().(*solo); ok {
			s.audio(base64)
		}
		return nil
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	if f.Type == typeError {
		var text string
		_ = json.Unmarshal(f.Message, &text) // stays empty where it is none
		return textError(text)
	}
	if s, ok := m.Only().(*solo); ok {
		return f.of(s)
	}
	return nil
}

// scanChunk is the base64 of a usual chunk, which is a piece of data. It reports false for any other frame.
func scanChunk(data []byte) (base64 []byte, ok bool) {
	fields := [...]upstream.Field{{Name: "type"}, {Name: "data"}}
	if !upstream.ScanFlat(data, fields[:]) {
		return nil, false
	}
	if kind, ok := fields[0].Text(); !ok || string(kind) != typeChunk {
		return nil, false
	}
	return fields[1].Text()
}

// of hands a frame to its stream. Those of which nothing is known need nothing done.
func (f *frame) of(s *solo) *upstream.Error {
	switch {
	case f.Type == typeChunk && f.Data == nil:
		return upstream.GarbledError("the vendor sent a chunk without audio")
	case f.Type == typeChunk:
		s.audio(upstream.Base64(*f.Data))
	case f.Type == typeTimestamps && f.Words != nil:
		s.words(f.ContextID, f.Words)
	case f.Type == typeDone:
		s.done()
	}
	return nil
}
