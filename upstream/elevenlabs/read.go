package elevenlabs

import (
	"bytes"
	"encoding/json"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// The members of a frame that the scanner looks for, by their places in its fields.
const (
	audioField = iota
	finalField
	finalSnakeField
	contextField
	contextSnakeField
	errorField
	alignmentField
	normalizedField
	fieldCount
)

// Frame reads a frame from the vendor. Audio, nearly all there is, is scanned without a decoder, but for its times.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if context, p, ok := scanAudio(data); ok && !binary {
		return d.hand(m, context, p, false)
	}
	f := &frame{}
	if err := upstream.DecodeFrame(binary, data, f); err != nil {
		return err
	}
	if f.failed() {
		return frameError(f)
	}
	audio, ok := content(f.Audio)
	if !ok {
		return upstream.GarbledError("the vendor sent audio that is no text")
	}
	return d.hand(m, []byte(f.context()), packet{base64: audio, times: f.times()}, f.final())
}

// hand gives a frame to its piece.
func (d *dialect) hand(m *vendorsocket.Mux, context []byte, p packet, final bool) *upstream.Error {
	if len(context) == 0 {
		if len(p.base64) > 0 {
			return upstream.GarbledError("the vendor sent audio that names no context")
		}
		return nil // noise, or the end of a context that we did not open
	}
	name, piece, ok := vendorsocket.SplitID(context)
	if !ok {
		return nil
	}
	s, ok := m.Member(name).(*stream)
	if !ok {
		if final {
			d.leaving.final(m, string(name))
		}
		return nil // late, of a stream that is no more
	}
	s.receive(piece, p)
	if final {
		s.final(m, piece)
	}
	return nil
}

// scanAudio takes a frame of audio apart, all parts but the times being pieces of data. It reports false for any other.
func scanAudio(data []byte) (context []byte, p packet, ok bool) {
	fields := [fieldCount]upstream.Field{
		audioField:        {Name: "audio"},
		finalField:        {Name: "isFinal"},
		finalSnakeField:   {Name: "is_final"},
		contextField:      {Name: "contextId"},
		contextSnakeField: {Name: "context_id"},
		errorField:        {Name: "error"},
		alignmentField:    {Name: "alignment", Nested: true},
		normalizedField:   {Name: "normalizedAlignment", Nested: true},
	}
	if !upstream.ScanFlat(data, fields[:]) || !fields[errorField].Absent() {
		return nil, packet{}, false
	}
	if !unset(fields[finalField]) || !unset(fields[finalSnakeField]) {
		return nil, packet{}, false
	}
	if context, ok = fields[contextField].Text(); !ok {
		if context, ok = fields[contextSnakeField].Text(); !ok {
			return nil, packet{}, false
		}
	}
	if p.base64, ok = fields[audioField].Text(); !ok {
		return nil, packet{}, false
	}
	p.times, ok = times(fields[alignmentField], fields[normalizedField])
	return context, p, ok
}

// times decodes both alignments of a frame, and chooses. They are the same where there was nothing to normalize.
func times(sent, normalized upstream.Field) (*alignment, bool) {
	if sent.Absent() && normalized.Absent() {
		return nil, true
	}
	var f frame
	if !sent.Absent() && json.Unmarshal(sent.Raw, &f.Alignment) != nil {
		return nil, false
	}
	same := bytes.Equal(sent.Raw, normalized.Raw)
	if !normalized.Absent() && !same && json.Unmarshal(normalized.Raw, &f.NormalizedAlignment) != nil {
		return nil, false
	}
	return f.times(), true
}

// unset reports whether a flag is false, null or left out.
func unset(f upstream.Field) bool { return f.Absent() || string(f.Raw) == "false" }

// content is the base64 in a string, nil for none. It reports false for what is no string. Only a string with escapes is
// copied.
func content(raw json.RawMessage) ([]byte, bool) {
	switch {
	case !present(raw):
		return nil, true
	case raw[0] != '"':
		return nil, false
	case bytes.IndexByte(raw, '\\') < 0:
		return raw[1 : len(raw)-1], true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return upstream.Base64(s), err == nil
}
