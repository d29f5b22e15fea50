package deepgram

import (
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// endpoint answers texts over HTTP.
func (srv *host) endpoint(v *version) body.Endpoint {
	return body.Endpoint{
		On: srv,
		Read: func(w http.ResponseWriter, r *http.Request, key *access.Key) (body.Text, *protocol.Error) {
			return srv.readText(w, r, key, v)
		},
		Refuse: refuse,
	}
}

// readText is what a request wants spoken, and how its answer looks.
func (srv *host) readText(w http.ResponseWriter, r *http.Request, key *access.Key, v *version) (body.Text, *protocol.Error) {
	id := identify(w)
	a, query, refused := readQuery(r, v)
	if refused != nil {
		return body.Text{}, refused
	}
	if query.Has("callback") {
		return body.Text{}, downstream.Invalid("callback", "callback is not offered here: the answer has the audio")
	}
	if a.output, refused = srv.bodyFormat(query); refused != nil {
		return body.Text{}, refused
	}
	text, refused := readBody(w, r, key.Limits.MaxMessageBytes)
	if refused != nil {
		return body.Text{}, refused
	}
	return body.Text{
		ID: id,
		Ask: func(held downstream.Held) (relay.Request, *protocol.Error) {
			request, refused := srv.request(held.Terms, v, a)
			request.Text, request.Final = text, true
			return request, refused
		},
		Form: form{output: a.output, model: a.model, characters: utf8.RuneCountInString(text)},
		Fill: true,
	}, nil
}

// readBody is the text of a request.
func readBody(w http.ResponseWriter, r *http.Request, most int) (string, *protocol.Error) {
	raw, refused := downstream.ReadBody(w, r, most)
	if refused != nil {
		return "", refused
	}
	var asked struct {
		Text *string `json:"text"`
	}
	if refused := downstream.DecodeTolerant(raw, &asked); refused != nil {
		return "", refused
	}
	if asked.Text == nil || *asked.Text == "" {
		return "", downstream.Invalid("text", "text is missing")
	}
	return *asked.Text, nil
}

// bodyFormat is the format of an answer. The vendor's own default is MP3, and WAV for raw samples unless the container is none.
func (srv *host) bodyFormat(query url.Values) (audio.Format, *protocol.Error) {
	encoding, container := query.Get("encoding"), query.Get("container")
	if encoding == "" {
		f := audio.Format{Encoding: srv.Settings(name).MP3Fallback, Rate: linearRate}
		if f.Encoding == "" {
			f.Encoding = audio.WAV
		}
		return withRate(f, query)
	}
	if !isRaw(encoding) {
		return audio.Format{}, unsupported("encoding", "encoding must be linear16, mulaw or alaw here")
	}
	if !knownContainer(container) {
		return audio.Format{}, unsupported("container", "container must be wav or none for "+encoding)
	}
	f, refused := rawFormat(query)
	switch {
	case refused != nil || container == "none":
	case f.Encoding == audio.PCM16:
		f.Encoding = audio.WAV
	case container == "wav":
		return f, unsupported("container", "container must be none for "+encoding+" here")
	}
	return f, refused
}

// form is a body of audio.
type form struct {
	body.Bare
	output     audio.Format
	model      string
	characters int
}

// Head implements body.Form.
func (f form) Head(h http.Header) {
	h.Set("Content-Type", mediaType(f.output))
	h.Set("Dg-Model-Name", asciiLine(oneLine(f.model)))
	h.Set("Dg-Model-Uuid", uuidOf(f.model))
	h.Set("Dg-Char-Count", strconv.Itoa(f.characters))
}

// Refuse implements body.Form.
func (form) Refuse(w http.ResponseWriter, err *protocol.Error) { refuse(w, err) }

// mediaType is what a body in a format is.
func mediaType(f audio.Format) string {
	switch f.Encoding {
	case audio.WAV:
		return "audio/wav"
	case audio.MuLaw:
		return "audio/mulaw"
	case audio.ALaw:
		return "audio/alaw"
	default:
		return "audio/l16;rate=" + strconv.Itoa(f.Rate)
	}
}
