package soniox

import (
	"encoding/json"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// The members of a frame that the scanner looks for, by their places in its fields.
const (
	streamField = iota
	audioField
	endField
	timesField
	terminatedField
	errorField
	fieldCount
)

// Frame reads a frame from the vendor. Audio, nearly all there is, is scanned without a decoder, but for its times.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if id, what, ok := scanAudio(data); ok && !binary {
		if s, number := find(m, id); s != nil {
			s.receive(number, what)
		}
		return nil
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	if f.StreamID == "" {
		return f.ofSocket()
	}
	f.ofStream(m)
	return nil
}

// find is our stream that one of the vendor's belongs to, and its number there. Those of streams that have left are late
// ones.
func find(m *vendorsocket.Mux, id []byte) (*stream, int) {
	name, number, ok := vendorsocket.SplitID(id)
	if !ok {
		return nil, 0
	}
	s, _ := m.Member(name).(*stream)
	return s, number
}

// ofSocket handles a frame that names no stream. What is not known is of no interest.
func (f *frame) ofSocket() *upstream.Error {
	switch {
	case f.ErrorCode != nil:
		return codeError(*f.ErrorCode)
	case f.Audio != nil, f.AudioEnd, f.Timestamps != nil, f.Terminated:
		return upstream.GarbledError("the vendor sent a frame that names no stream")
	}
	return nil
}

// ofStream hands a frame to its stream, all that it has.
func (f *frame) ofStream(m *vendorsocket.Mux) {
	s, number := find(m, []byte(f.StreamID))
	if s == nil {
		f.confirm(m)
		return
	}
	what := packet{times: f.Timestamps, end: f.AudioEnd}
	if f.Audio != nil {
		what.base64 = upstream.Base64(*f.Audio)
	}
	s.receive(number, what)
	if f.ErrorCode != nil {
		s.failed(number, codeError(*f.ErrorCode))
	}
	if f.Terminated {
		s.terminated(m, number)
	}
}

// confirm takes an end that comes late for the vendor's word that the cancelled stream is over. It may have had a second one
// there, which was told to stop with it, and for which a socket has room.
func (f *frame) confirm(m *vendorsocket.Mux) {
	if name, _, ok := vendorsocket.SplitID([]byte(f.StreamID)); ok && f.Terminated {
		m.Confirm(name)
	}
}

// scanAudio takes a frame of audio apart, all parts but the times being pieces of data. It reports false for any other.
func scanAudio(data []byte) (id []byte, what packet, ok bool) {
	fields := [fieldCount]upstream.Field{
		streamField:     {Name: "stream_id"},
		audioField:      {Name: "audio"},
		endField:        {Name: "audio_end"},
		timesField:      {Name: "timestamps", Nested: true},
		terminatedField: {Name: "terminated"},
		errorField:      {Name: "error_code"},
	}
	if !upstream.ScanFlat(data, fields[:]) || !unset(fields[terminatedField]) || !fields[errorField].Absent() {
		return nil, packet{}, false
	}
	if id, ok = fields[streamField].Text(); !ok || len(id) == 0 {
		return nil, packet{}, false
	}
	if what.base64, ok = fields[audioField].Text(); !ok {
		return nil, packet{}, false
	}
	if end := fields[endField]; !unset(end) {
		what.end = string(end.Raw) == "true"
		ok = what.end
	}
	if times := fields[timesField]; ok && !times.Absent() {
		what.times, ok = decodeTimes(times.Raw)
	}
	return id, what, ok
}

// decodeTimes is apart so that frames without times allocate nothing.
func decodeTimes(raw []byte) (times *timestamps, ok bool) {
	err := json.Unmarshal(raw, &times)
	return times, err == nil
}

// unset reports whether a flag is false, null or left out.
func unset(f upstream.Field) bool { return f.Absent() || string(f.Raw) == "false" }
