package together

import (
	"encoding/json"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Greet waits for session.created, in the place of which the vendor may refuse the key or a setting. Streams could speak
// before it, but a socket opened ahead must not be taken for a good one.
func (d *dialect) Greet(binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	f, err := decode(binary, data)
	if err != nil {
		return nil, false, err
	}
	if f.Type == typeFailed || f.Type == typeError {
		return nil, false, frameError(f.Error)
	}
	return nil, f.Type == typeCreated, nil
}

// ConnectionID is the session's.
func (d *dialect) ConnectionID(data []byte) string {
	f, err := decode(false, data)
	if err != nil || f.Type != typeCreated {
		return ""
	}
	var session struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(f.Session, &session) // stays empty where it is of another shape
	return session.ID
}

// Frame reads a frame from the vendor. Deltas, nearly all there are, are scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if p, ok := scanDelta(data); ok && !binary {
		if s := owner(m, p.context); s != nil {
			return s.audio(p)
		}
		return nil // late, of a stream that is no more
	}
	f, err := decode(binary, data)
	if err != nil {
		return err
	}
	return take(m, f)
}

// decode reads any frame.
func decode(binary bool, data []byte) (*frame, *upstream.Error) {
	f := &frame{}
	if err := upstream.DecodeFrame(binary, data, f); err != nil {
		return nil, err
	}
	if f.Type == "" {
		return nil, upstream.GarbledError("the vendor sent a frame that is not of its protocol")
	}
	return f, nil
}

// owner is the stream that a frame is for, or nil. What names no context is for the one stream on a socket that carries
// one at a time, and for none on a socket whose vendor has named them.
func owner(m *vendorsocket.Mux, context []byte) *stream {
	var s *stream
	switch {
	case context != nil:
		s, _ = m.Member(context).(*stream)
	case !m.Shared():
		s, _ = m.Only().(*stream)
	}
	return s
}

// take handles any frame. Acknowledgements and what is unknown need nothing done.
func take(m *vendorsocket.Mux, f *frame) *upstream.Error {
	context := f.context()
	if len(f.ItemID) > longestID {
		return upstream.GarbledError("the vendor sent an id that is far too long")
	}
	switch f.Type {
	case typeDelta:
		if f.Delta == nil {
			return upstream.GarbledError("the vendor sent a delta without audio")
		}
		if s := owner(m, context); s != nil {
			return s.audio(packet{base64: upstream.Base64(*f.Delta), item: []byte(f.ItemID), context: context})
		}
	case typeWords:
		if s := owner(m, context); s != nil {
			s.words(f)
		}
	case typeDone:
		if s := owner(m, context); s != nil {
			s.done(f)
		}
	case typeCancelled:
		cancelled(m, context)
	case typeFailed, typeError:
		return fault(m, f)
	}
	return nil
}

// context is the id that the frame names, or nil.
func (f *frame) context() []byte {
	if f.ContextID == nil {
		return nil
	}
	return []byte(*f.ContextID)
}

// cancelled takes the vendor's word that a stream is over there (Together guide, context.cancelled). One that was not stopped
// has been cut off.
func cancelled(m *vendorsocket.Mux, context []byte) {
	if s := owner(m, context); s != nil {
		s.fail(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor cancelled the context"})
		return
	}
	m.Confirm(context)
}

// fault ends the stream that an error names, or else the socket.
func fault(m *vendorsocket.Mux, f *frame) *upstream.Error {
	context, err := f.context(), frameError(f.Error)
	if context == nil {
		return err
	}
	if s := owner(m, context); s != nil {
		s.fail(err)
		return nil
	}
	m.Confirm(context)
	return nil
}
