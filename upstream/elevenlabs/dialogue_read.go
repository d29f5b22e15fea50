package elevenlabs

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// dialogueDialect is what the pool must know of dialogues: they differ in their frames alone.
type dialogueDialect struct{ *dialect }

// KeepAlive is none: a stream is asked itself.
func (dialogueDialect) KeepAlive(string) []byte { return nil }

// Frame reads a frame from the vendor. Audio, nearly all there is, is scanned without a decoder, but for its times.
func (dialogueDialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	s, _ := m.Only().(*dialogue)
	if p, ok := scanTurn(data); ok && !binary {
		s.hear(m, p, false)
		return nil
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
	s.hear(m, packet{base64: audio, times: f.times()}, f.TurnIsOver || f.final())
	return nil
}

// hear is receive of a stream that may be nil: what comes then is late.
func (s *dialogue) hear(m *vendorsocket.Mux, what packet, over bool) {
	if s != nil {
		s.receive(m, what, over)
	}
}

// The members of a dialogue's frame that the scanner looks for, by their places in its fields.
const (
	turnAudioField = iota
	turnOverField
	turnFinalField
	turnErrorField
	turnAlignmentField
	turnNormalizedField
	turnFieldCount
)

// scanTurn takes a frame of audio apart, all parts but the times being pieces of data. It reports false for any other.
func scanTurn(data []byte) (p packet, ok bool) {
	fields := [turnFieldCount]upstream.Field{
		turnAudioField:      {Name: "audio"},
		turnOverField:       {Name: "is_final_audio_for_turn"},
		turnFinalField:      {Name: "is_final"},
		turnErrorField:      {Name: "error"},
		turnAlignmentField:  {Name: "alignment", Nested: true},
		turnNormalizedField: {Name: "normalized_alignment", Nested: true},
	}
	if !upstream.ScanFlat(data, fields[:]) || !fields[turnErrorField].Absent() {
		return packet{}, false
	}
	if !unset(fields[turnOverField]) || !unset(fields[turnFinalField]) {
		return packet{}, false
	}
	if p.base64, ok = fields[turnAudioField].Text(); !ok {
		return packet{}, false
	}
	p.times, ok = times(fields[turnAlignmentField], fields[turnNormalizedField])
	return p, ok
}
