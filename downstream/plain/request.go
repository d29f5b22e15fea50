package plain

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
)

// readRequest reads a body, and what the address says.
func (srv *host) readRequest(w http.ResponseWriter, r *http.Request, key *access.Key) (*request, *protocol.Error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, downstream.Invalid("", "malformed query")
	}
	var asked *request
	refused := downstream.StreamBody(w, r, cmp.Or(srv.platform.mostBytes, key.Limits.MaxMessageBytes), func(in io.Reader) (refused *protocol.Error) {
		asked, refused = srv.decode(in, query)
		return refused
	})
	return asked, refused
}

// decode reads a body, in which a text must be.
func (srv *host) decode(in io.Reader, query url.Values) (*request, *protocol.Error) {
	found, err := srv.fields.read(in)
	var field *fieldError
	switch {
	case errors.As(err, &field):
		return nil, downstream.Invalid(field.field, field.Error())
	case err != nil:
		return nil, downstream.Invalid("", "the body is no JSON object, or one that nests too deep")
	}
	return srv.platform.request(found, query)
}

// request is what the values of a body and the address come to.
func (p platform) request(found values, query url.Values) (*request, *protocol.Error) {
	text, ok := found[p.text]
	if !ok {
		return nil, downstream.Invalid(p.text, p.text+" is missing")
	}
	for _, path := range []string{p.text, p.voice, p.language, p.markup, p.encoding} {
		if v, ok := found[path]; ok && !v.quoted {
			return nil, downstream.Invalid(path, path+" must be text")
		}
	}
	asked := &request{
		text:     text.text,
		route:    query.Get("route"),
		voice:    cmp.Or(query.Get("voice"), found[p.voice].text),
		language: cmp.Or(query.Get("language"), found[p.language].text),
		encoding: found[p.encoding].text,
		channels: found[p.channels].text,
		metadata: map[string]string{"dialect": name, "platform": p.name},
	}
	if found[p.markup].text == "ssml" {
		asked.text = withoutMarkup(asked.text)
	}
	for named, path := range p.metadata {
		if v := found[path].text; v != "" {
			asked.metadata[named] = v
		}
	}
	return asked, cmp.Or(p.checkNames(asked), p.setRate(asked, found, query))
}

// checkNames refuses names that nothing can have, and passes over a language that is none: jambonz has "default" there.
func (p platform) checkNames(asked *request) *protocol.Error {
	if len(asked.voice) > mostName || len(asked.route) > mostName {
		return downstream.Invalid("", "the name of a voice or route is too long")
	}
	if len(asked.language) > protocol.MaxLanguageLength || !protocol.IsLanguageTag(asked.language) || asked.language == "default" {
		asked.language = ""
	}
	return nil
}

// setRate finds the sample rate: the address's, the body's, or the platform's usual one.
func (p platform) setRate(asked *request, found values, query url.Values) (refused *protocol.Error) {
	const named = "sample_rate"
	asked.rate = p.usualRate
	if text := query.Get(named); text != "" {
		asked.rate, refused = rateOf(named, text)
	} else if text := found[p.rate].text; text != "" && text != "0" {
		asked.rate, refused = rateOf(p.rate, text)
	}
	return refused
}

// keyInside is the key in a body; empty: there is none.
func (srv *host) keyInside(text []byte) string {
	found, err := srv.fields.read(bytes.NewReader(text))
	if err != nil {
		return ""
	}
	return found[srv.platform.keyField].text
}
