package vogent

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// usual is a chunk of audio, as nearly all frames are.
var usual = upstream.Chunk{Type: typeChunk, ID: "generationId", Audio: "audio"}

// Frame reads a frame from the vendor. Chunks are scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if id, base64, ok := usual.Scan(data); ok && len(id) > 0 && !binary {
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
