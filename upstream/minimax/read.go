package minimax

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// GreetKey starts the session, and waits for the vendor to say that it has. Other events may come meanwhile.
func (d *dialect) GreetKey(key string, binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return nil, false, err
	}
	switch {
	case f.BaseResp.StatusCode != 0 || f.Event == eventFailed:
		return nil, false, frameError(&f)
	case f.Event == eventConnected:
		return []byte(key), false, nil
	}
	return nil, f.Event == eventStarted, nil
}

// ConnectionID is what the vendor calls the connection, as it says in each frame.
func (d *dialect) ConnectionID(data []byte) string {
	var f frame
	if upstream.DecodeFrame(false, data, &f) != nil {
		return ""
	}
	return f.ConnectID
}

// Frame reads a frame from the vendor. Audio, nearly all there is, is scanned without a decoder, but for the last of a synthesis.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	s, _ := m.Only().(*stream) // nil: it is late
	if hex, trace, ok := scanAudio(data); ok && !binary {
		if s == nil {
			return nil
		}
		return s.audio(hex, trace)
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	if f.Event == "" {
		return upstream.GarbledError("the vendor sent a frame that is not of its protocol")
	}
	return f.take(s)
}

// scanAudio takes a usual frame of audio apart, both parts being pieces of data.
func scanAudio(data []byte) (hex, trace []byte, ok bool) {
	fields := [...]upstream.Field{
		{Name: "event"},
		{Name: "trace_id"},
		{Name: "data", Nested: true},
		{Name: "base_resp", Nested: true},
		{Name: "extra_info", Nested: true},
		{Name: "is_final"},
	}
	if !upstream.ScanFlat(data, fields[:]) {
		return nil, nil, false
	}
	if event, ok := fields[0].Text(); !ok || string(event) != eventAudio || string(fields[5].Raw) == "true" {
		return nil, nil, false
	}
	status := [...]upstream.Field{{Name: "status_code"}}
	if !fields[3].Absent() {
		if !upstream.ScanFlat(fields[3].Raw, status[:]) || string(status[0].Raw) != "0" {
			return nil, nil, false
		}
	}
	audio := [...]upstream.Field{{Name: "audio"}}
	if !upstream.ScanFlat(fields[2].Raw, audio[:]) {
		return nil, nil, false
	}
	trace, _ = fields[1].Text() // nil where it is none
	hex, ok = audio[0].Text()
	return hex, trace, ok
}

// take handles any frame for the stream on its socket, if there is one. What is not known is of no interest.
func (f *frame) take(s *stream) *upstream.Error {
	switch {
	case f.BaseResp.StatusCode == codeQueued:
		if s != nil {
			s.leftOut()
		}
		return nil
	case f.BaseResp.StatusCode != 0, f.Event == eventFailed:
		return frameError(f)
	case f.Event == eventFinished:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the vendor ended the session"}
	case s == nil:
		return nil
	case f.Event == eventAudio:
		return f.takeAudio(s)
	case f.Event == eventFlushed:
		s.flushed()
	case f.Event == eventCanceled:
		s.canceled()
	}
	return nil
}

// takeAudio takes audio, and what the last frame of a synthesis tells of it.
func (f *frame) takeAudio(s *stream) *upstream.Error {
	if f.Data != nil {
		if err := s.audio(upstream.Base64(f.Data.Audio), []byte(upstream.RequestIDIn(f.TraceID))); err != nil {
			return err
		}
	}
	if characters, last := f.charged(); last {
		s.charged(characters)
	}
	return nil
}
