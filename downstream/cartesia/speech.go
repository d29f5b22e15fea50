package cartesia

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// bytesEndpoint serves POST /tts/bytes: a text for a body of audio.
func (srv *host) bytesEndpoint() body.Endpoint {
	return srv.endpoint(func(s *single) (body.Form, *protocol.Error) {
		return bytesForm{output: s.output}, nil
	})
}

// single is a text that is asked for by itself.
type single struct {
	message
	output audio.Format
}

// endpoint answers a single text in a form.
func (srv *host) endpoint(formOf func(s *single) (body.Form, *protocol.Error)) body.Endpoint {
	read := func(w http.ResponseWriter, r *http.Request, key *access.Key) (body.Text, *protocol.Error) {
		s, refused := readSingle(w, r, key.Limits.MaxMessageBytes)
		if refused != nil {
			return body.Text{}, refused
		}
		form, refused := formOf(s)
		if refused != nil {
			return body.Text{}, refused
		}
		ask := func(held downstream.Held) (relay.Request, *protocol.Error) {
			request, refused := srv.request(&s.speech, held)
			request.Final = true
			return request, refused
		}
		return body.Text{Ask: ask, Form: form, Fill: true}, nil
	}
	return body.Endpoint{On: srv, Read: read, Refuse: writeError}
}

// readSingle is what a request wants spoken.
func readSingle(w http.ResponseWriter, r *http.Request, most int) (*single, *protocol.Error) {
	data, refused := downstream.ReadBody(w, r, most)
	if refused != nil {
		return nil, refused
	}
	return decodeSingle(data)
}

func decodeSingle(data []byte) (*single, *protocol.Error) {
	s := &single{}
	if refused := decodeInto(data, &s.message); refused != nil {
		return nil, refused
	}
	if s.blank() {
		return nil, downstream.Invalid("transcript", "transcript is empty")
	}
	var refused *protocol.Error
	s.output, refused = s.OutputFormat.format()
	return s, refused
}

// bytesForm is a body of audio alone.
type bytesForm struct {
	body.Bare
	output audio.Format
}

// Head implements body.Form.
func (f bytesForm) Head(h http.Header) { h.Set("Content-Type", mediaType(f.output)) }

// Refuse implements body.Form.
func (bytesForm) Refuse(w http.ResponseWriter, err *protocol.Error) { writeError(w, err) }

// mediaType is what a body in a format is.
func mediaType(f audio.Format) string {
	switch f.Encoding {
	case audio.WAV:
		return "audio/wav"
	case audio.MP3:
		return "audio/mpeg"
	default:
		return "audio/pcm"
	}
}
