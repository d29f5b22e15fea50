package kugelaudio

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// The usual audio frame's members, by their places in the scanner's fields.
const (
	audioField = iota
	contextField
	encField
	rateField
	chunkField
	fieldCount
)

// Frame reads a frame from the vendor. Audio frames, nearly all there are, are scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if p, ok := scanAudio(data); ok && !binary {
		if s, ok := m.Member(p.context).(*stream); ok {
			return s.audio(p)
		}
		return nil // late, of a context that is no more
	}
	f := &frame{}
	if err := upstream.DecodeFrame(binary, data, f); err != nil {
		return err
	}
	if f.ContextID == nil {
		return socketFrame(m, f)
	}
	return contextFrame(m, f)
}

// packet is an audio frame.
type packet struct {
	base64, context []byte
	enc             []byte // nil: not told
	rate            int64  // 0: not told
	chunk           int64  // -1: not told
}

// scanAudio takes an audio frame apart, all parts being pieces of data. It reports false for any other frame.
func scanAudio(data []byte) (p packet, ok bool) {
	fields := [fieldCount]upstream.Field{
		audioField:   {Name: "audio"},
		contextField: {Name: "context_id"},
		encField:     {Name: "enc"},
		rateField:    {Name: "sr"},
		chunkField:   {Name: "chunk_id"},
	}
	if !upstream.ScanFlat(data, fields[:]) {
		return p, false
	}
	if p.base64, ok = fields[audioField].Text(); !ok {
		return p, false
	}
	if p.context, ok = fields[contextField].Text(); !ok {
		return p, false
	}
	if fields[encField].Raw != nil {
		if p.enc, ok = fields[encField].Text(); !ok {
			return p, false
		}
	}
	if p.rate, ok = optional(fields[rateField], 0); !ok {
		return p, false
	}
	p.chunk, ok = optional(fields[chunkField], -1)
	return p, ok
}

// optional is a number that may be left out. It reports false for what is no whole number.
func optional(f upstream.Field, absent int64) (int64, bool) {
	if f.Raw == nil {
		return absent, true
	}
	return f.Int()
}

// packet is the audio of a frame that the scanner left.
func (f *frame) packet() packet {
	p := packet{base64: upstream.Base64(*f.Audio), rate: f.SR, chunk: f.chunk()}
	if f.Enc != "" {
		p.enc = []byte(f.Enc)
	}
	return p
}

// chunk is the frame's chunk_id, or -1.
func (f *frame) chunk() int64 {
	if f.ChunkID == nil {
		return -1
	}
	return *f.ChunkID
}

// socketFrame handles a frame that names no context. Warnings, settings and greetings need nothing done.
func socketFrame(m *vendorsocket.Mux, f *frame) *upstream.Error {
	switch {
	case f.Error != nil || f.ErrorCode != nil:
		return frameError(f)
	case f.SessionClosed:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the vendor closed the session"}
	case f.Audio != nil || f.WordTimestamps != nil || f.Final || f.ContextClosed:
		return upstream.GarbledError("the vendor sent a frame that names no context")
	case f.Interrupted:
		interruptOnly(m)
	}
	return nil
}

// interruptOnly takes a confirmation that names no context, as the reference shows it, for that of the one stream which
// waits for one. Where several do they can't be told apart, and wait for context_closed.
func interruptOnly(m *vendorsocket.Mux) {
	var waiting *stream
	for _, member := range m.Members() {
		s, ok := member.(*stream)
		if !ok || !s.stopping() {
			continue
		}
		if waiting != nil {
			return
		}
		waiting = s
	}
	if waiting != nil {
		waiting.interrupted()
	}
}

// contextFrame hands a frame to its stream.
func contextFrame(m *vendorsocket.Mux, f *frame) *upstream.Error {
	id := []byte(*f.ContextID)
	failed := f.Error != nil || f.ErrorCode != nil
	s, ok := m.Member(id).(*stream)
	if !ok {
		if failed || f.ContextClosed || f.ContextTimeout || f.Interrupted {
			m.Confirm(id)
		}
		return nil
	}
	switch {
	case failed:
		s.fail(frameError(f))
	case f.Audio != nil:
		return s.audio(f.packet())
	case f.WordTimestamps != nil:
		s.words(f.chunk(), f.WordTimestamps)
	case f.GenerationStarted:
		s.begin(f.chunk(), f.Text)
	case f.ChunkComplete:
		s.complete(f.chunk())
	case f.ContextClosed:
		s.contextClosed(f.Usage)
	case f.Final:
		s.final()
	case f.ContextTimeout:
		s.fail(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor's context timed out"})
	case f.Interrupted:
		s.interrupted()
	}
	return nil
}
