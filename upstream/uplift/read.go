package uplift

import (
	"net/http"
	"net/url"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// dialect is what the pool must know of the vendor.
type dialect struct {
	transport
	base *url.URL
}

// Address is one for all.
func (d *dialect) Address(string) (string, http.Header) { return d.address(d.base) }

// Refused is as HTTP has it: 401 or 403 a bad key, 402 no credit, 429 too fast.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is nothing: the vendor has no such message, and the socket's pings do.
func (d *dialect) KeepAlive(string) []byte { return nil }

// Greet waits for ready, which comes at once where the key is good.
func (d *dialect) Greet(binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	u, err := d.read(binary, data)
	if err != nil || u.message == nil {
		return u.answer, false, err
	}
	msg, err := decode(u.message)
	if err == nil && msg.Type == typeError {
		err = errorOf(msg.Code)
	}
	return nil, msg.Type == typeReady, err
}

// usual is a message with audio, as nearly all are.
var usual = upstream.Chunk{Type: typeAudio, ID: "requestId", Audio: "audio"}

// Frame reads a frame from the vendor. Audio is scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	u, err := d.read(binary, data)
	if err != nil {
		return err
	}
	if u.answer != nil {
		m.Answer(u.answer)
	}
	if u.message == nil {
		return nil
	}
	if id, base64, ok := usual.Scan(u.message); ok {
		if r, ok := m.Member(id).(*request); ok {
			r.audio(base64)
		}
		return nil // or late, of a request that is no more
	}
	msg, err := decode(u.message)
	if err != nil {
		return err
	}
	return handle(m, msg)
}

func (d *dialect) read(binary bool, data []byte) (unwrapped, *upstream.Error) {
	if binary {
		return unwrapped{}, upstream.GarbledError("the vendor sent a binary frame")
	}
	return d.unwrap(data)
}

// decode is a message that the scanner left.
func decode(data []byte) (message, *upstream.Error) {
	var msg message
	if upstream.DecodeFrame(false, data, &msg) != nil || msg.Type == "" {
		return message{}, upstream.GarbledError("the vendor sent a message that is not of its protocol")
	}
	return msg, nil
}

// handle hands a message to its request. Types that are not known need nothing done.
func handle(m *vendorsocket.Mux, msg message) *upstream.Error {
	id := []byte(msg.RequestID)
	if len(id) == 0 {
		switch msg.Type {
		case typeError:
			return errorOf(msg.Code)
		case typeAudio, typeAudioStart, typeAudioEnd:
			return upstream.GarbledError("the vendor sent a message that names no request")
		}
		return nil
	}
	r, ok := m.Member(id).(*request)
	switch {
	case !ok && (msg.Type == typeAudioEnd || msg.Type == typeError):
		m.Confirm(id)
	case !ok:
	case msg.Type == typeError:
		r.end(errorOf(msg.Code))
	case msg.Type == typeAudioEnd:
		r.end(nil)
	case msg.Type == typeAudio && msg.Audio == nil:
		return upstream.GarbledError("the vendor sent audio without audio")
	case msg.Type == typeAudio:
		r.audio(upstream.Base64(*msg.Audio))
	}
	return nil
}
