package zeligate

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// The members of a frame that the scanner looks for, by their places in its fields.
const (
	audioField = iota
	finalField
	detailField
	errorField
	fieldCount
)

// Frame reads a frame from the vendor. Audio frames, nearly all there are, are scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	s, ok := m.Only().(*stream) // none: late, or on a socket that was opened ahead
	if base64, usual := scanAudio(data); usual && !binary {
		if ok {
			s.audio(base64)
		}
		return nil
	}
	f := &frame{}
	if err := upstream.DecodeFrame(binary, data, f); err != nil {
		return err
	}
	if ok {
		s.frame(f)
	}
	return nil
}

// scanAudio is the audio of a usual frame, a piece of data. It reports false for any other frame.
func scanAudio(data []byte) (base64 []byte, ok bool) {
	fields := [fieldCount]upstream.Field{
		audioField:  {Name: "audio"},
		finalField:  {Name: "isFinal"},
		detailField: {Name: "detail"},
		errorField:  {Name: "error"},
	}
	if !upstream.ScanFlat(data, fields[:]) || !fields[detailField].Absent() || !fields[errorField].Absent() {
		return nil, false
	}
	if final := fields[finalField]; !final.Absent() && string(final.Raw) != "false" {
		return nil, false
	}
	return fields[audioField].Text()
}
