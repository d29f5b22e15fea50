package vogent

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// The usual chunk's members, by their places in the scanner's fields.
const (
	typeField = iota
	generationField
	audioField
	fieldCount
)

// Frame reads a frame from the vendor. Chunks, nearly all there are, are scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if id, base64, ok := scanChunk(data); ok && !binary {
		if s, piece := find(m, id); s != nil {
			s.audio(piece, base64)
		}
		return nil
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	if f.GenerationID == "" {
		return f.ofSocket()
	}
	return f.ofGeneration(m, data)
}

// scanChunk takes a chunk apart, all parts being pieces of data. It reports false for any other frame.
func scanChunk(data []byte) (id, base64 []byte, ok bool) {
	fields := [fieldCount]upstream.Field{
		typeField:       {Name: "type"},
		generationField: {Name: "generationId"},
		audioField:      {Name: "audio"},
	}
	if !upstream.ScanFlat(data, fields[:]) {
		return nil, nil, false
	}
	kind, ok := fields[typeField].Text()
	if !ok || string(kind) != typeChunk {
		return nil, nil, false
	}
	if id, ok = fields[generationField].Text(); !ok || len(id) == 0 {
		return nil, nil, false
	}
	base64, ok = fields[audioField].Text()
	return id, base64, ok
}

// find is the stream that a generation belongs to, and the piece that it is. Generations of streams that have left
// are late ones.
func find(m *vendorsocket.Mux, id []byte) (*stream, int) {
	name, piece, ok := parseID(id)
	if !ok {
		return nil, 0
	}
	s, _ := m.Member(name).(*stream)
	return s, piece
}

// ofSocket handles a frame that names no generation. What is not known is of no interest.
func (f *frame) ofSocket() *upstream.Error {
	switch f.Type {
	case typeError:
		return frameError(f.Error)
	case typeChunk, typeFinished:
		return upstream.GarbledError("the vendor sent a frame that names no generation")
	}
	return nil
}

// ofGeneration hands a frame to its stream.
func (f *frame) ofGeneration(m *vendorsocket.Mux, data []byte) *upstream.Error {
	id := []byte(f.GenerationID)
	s, piece := find(m, id)
	switch {
	case s == nil:
		f.confirm(m, id)
	case f.Type == typeError:
		s.finished(piece, frameError(f.Error))
	case f.Type == typeFinished:
		s.finished(piece, nil)
	case f.Type != typeChunk:
		s.words(piece, wordTimes(data))
	case f.Audio == nil:
		return upstream.GarbledError("the vendor sent a chunk without audio")
	default:
		s.audio(piece, upstream.Base64(*f.Audio))
	}
	return nil
}

// confirm takes an end that comes late for the vendor's word that the cancelled stream is over.
func (f *frame) confirm(m *vendorsocket.Mux, id []byte) {
	if name, _, ok := parseID(id); ok && (f.Type == typeFinished || f.Type == typeError) {
		m.Confirm(name)
	}
}
