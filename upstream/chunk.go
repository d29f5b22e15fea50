package upstream

// Chunk is how a vendor writes its usual frame of audio, where that says what it is: the value of type, and the names of
// the members with the id of what it belongs to and with the audio.
type Chunk struct{ Type, ID, Audio string }

// Scan takes a chunk apart without a decoder, both parts being pieces of data. It reports false for any other frame, which
// DecodeFrame is for. The id may be empty.
func (c Chunk) Scan(data []byte) (id, base64 []byte, ok bool) {
	fields := [...]Field{{Name: "type"}, {Name: c.ID}, {Name: c.Audio}}
	if !ScanFlat(data, fields[:]) {
		return nil, nil, false
	}
	if kind, ok := fields[0].Text(); !ok || string(kind) != c.Type {
		return nil, nil, false
	}
	if id, ok = fields[1].Text(); !ok {
		return nil, nil, false
	}
	base64, ok = fields[2].Text()
	return id, base64, ok
}
