package cartesia

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// usual is a chunk of audio, as nearly all frames are.
var usual = upstream.Chunk{Type: typeChunk, ID: "context_id", Audio: "data"}

// Frame reads a frame from the vendor. Chunks are scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if id, base64, ok := usual.Scan(data); ok && len(id) > 0 && !binary {
		if s, n := find(m, id); s != nil {
			s.audio(n, base64)
		}
		return nil
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	if f.ContextID == "" {
		return f.ofSocket()
	}
	return f.ofContext(m)
}

// find is the stream that a context belongs to, and its number there. Contexts of streams that have left are late
// ones.
func find(m *vendorsocket.Mux, id []byte) (*stream, int) {
	name, n, ok := vendorsocket.SplitID(id)
	if !ok {
		return nil, 0
	}
	s, _ := m.Member(name).(*stream)
	return s, n
}

// ofSocket handles a frame that names no context. What is not known is of no interest.
func (f *frame) ofSocket() *upstream.Error {
	switch f.Type {
	case typeError:
		return frameError(f)
	case typeChunk, typeTimestamps, typeFlushDone, typeDone:
		return upstream.GarbledError("the vendor sent a frame that names no context")
	}
	return nil
}

// ofContext hands a frame to its stream.
func (f *frame) ofContext(m *vendorsocket.Mux) *upstream.Error {
	s, n := find(m, []byte(f.ContextID))
	switch {
	case s == nil:
		f.confirm(m)
	case f.Type == typeError:
		s.failed(n, frameError(f))
	case f.Type == typeDone:
		s.done(n)
	case f.Type == typeFlushDone:
		s.flushed(n)
	case f.Type == typeTimestamps && f.Words != nil:
		s.words(n, f.Words)
	case f.Type == typeChunk && f.Data == nil:
		return upstream.GarbledError("the vendor sent a chunk without audio")
	case f.Type == typeChunk:
		s.audio(n, upstream.Base64(*f.Data))
	}
	return nil
}

// confirm takes an end that comes late for the vendor's word that the canceled stream is over.
func (f *frame) confirm(m *vendorsocket.Mux) {
	if name, _, ok := vendorsocket.SplitID([]byte(f.ContextID)); ok && (f.Type == typeDone || f.Type == typeError) {
		m.Confirm(name)
	}
}
