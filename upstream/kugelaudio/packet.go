package kugelaudio

import "voicerelay/upstream"

// The usual audio frame's members, by their places in the scanner's fields.
const (
	audioField = iota
	contextField
	encField
	rateField
	chunkField
	fieldCount
)

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
