package deepgram

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/downstream/compress"
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
	if a.kbps, refused = kbps(query, a.output); refused != nil {
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
			request.Text, request.Final = withoutControls(text), true
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
		return srv.usualFormat(query)
	}
	if f, ok := compressed[encoding]; ok {
		return withRate(f, query)
	}
	if _, raw := encodings[encoding]; !raw {
		return audio.Format{}, downstream.Unsupported("encoding", "encoding must be linear16, mulaw, alaw, mp3, opus or flac here")
	}
	if container != "" && container != "none" && container != "wav" {
		return audio.Format{}, downstream.Unsupported("container", "container must be wav or none for "+encoding)
	}
	f, refused := rawFormat(query)
	switch {
	case refused != nil || container == "none":
	case f.Encoding == audio.PCM16:
		f.Encoding = audio.WAV
	case container == "wav":
		return f, downstream.Unsupported("container", "container must be none for "+encoding+" here")
	}
	return f, refused
}

// compressed are the encodings that are files by themselves, at the rates of those who ask for none.
var compressed = map[string]audio.Format{
	"mp3":  {Encoding: audio.MP3, Rate: linearRate},
	"opus": {Encoding: audio.Opus, Rate: linearRate},
	"flac": {Encoding: audio.FLAC, Rate: linearRate},
}

// usualFormat is what a request gets that names no encoding: MP3, or where nothing here makes it what the operator says, else WAV,
// which programs that look at the answer can tell.
func (srv *host) usualFormat(query url.Values) (audio.Format, *protocol.Error) {
	f := compressed["mp3"]
	if compress.Check(srv.Codecs(), f, 0) != nil {
		f.Encoding = audio.WAV
		if instead := srv.Settings(name).MP3Fallback; instead != "" {
			f.Encoding = instead
		}
	}
	return withRate(f, query)
}

// kbps is the bit rate that a query asks for, in kbit/s; 0: the usual one.
func kbps(query url.Values, f audio.Format) (int, *protocol.Error) {
	text := query.Get("bit_rate")
	if text == "" || f.Encoding != audio.MP3 && f.Encoding != audio.Opus {
		return 0, nil
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate >= 1000 && rate <= math.MaxInt32) {
		return 0, downstream.Invalid("bit_rate", "bit_rate must be a number of bits a second")
	}
	return int(math.Round(rate / 1000)), nil
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
	if f.model != "" {
		h.Set("Dg-Model-Name", asciiLine(oneLine(f.model)))
		h.Set("Dg-Model-Uuid", uuidOf(f.model))
	}
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
	case audio.MP3:
		return "audio/mpeg"
	case audio.Opus:
		return "audio/ogg"
	case audio.FLAC:
		return "audio/flac"
	default:
		return "audio/l16;rate=" + strconv.Itoa(f.Rate)
	}
}
