package plain

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/downstream/compress"
	"voicerelay/relay"
)

// Dialect is what platforms for voice agents ask of a customer's own speech server.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect. Each platform has a path of its own.
func (Dialect) Prefix() string { return "" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	var routes []downstream.Route
	for _, p := range platforms() {
		srv := &host{Server: on, platform: p, fields: fieldsAt(p.kept())}
		endpoint := body.Endpoint{On: on, Read: srv.readText, Refuse: srv.writeError}
		if p.keyField != "" {
			endpoint.Inner = body.NewInnerKey(srv.keyInside)
		}
		routes = append(routes, downstream.Route{
			Method: http.MethodPost, Path: p.path, Key: p.key, KeyInside: p.keyField != "", Refuse: srv.writeError,
			Serve: endpoint.Serve,
		})
	}
	return routes
}

// readText is what a request wants spoken.
func (srv *host) readText(w http.ResponseWriter, r *http.Request, key *access.Key) (body.Text, *protocol.Error) {
	p := srv.platform
	once, refused := p.once(r)
	if refused != nil {
		return body.Text{}, refused
	}
	asked, refused := srv.readRequest(w, r, key)
	if refused != nil {
		return body.Text{}, refused
	}
	asked.makesMP3 = compress.Check(srv.Codecs(), mp3, 0) == nil
	out, refused := p.output(r, asked)
	if refused != nil {
		return body.Text{}, refused
	}
	ask := func(held downstream.Held) (relay.Request, *protocol.Error) {
		request, refused := srv.lookUp(asked, held.Terms)
		request.IdempotencyKey, request.Output = once, out.Format
		return request, refused
	}
	return body.Text{Ask: ask, Form: form{srv: srv, mediaType: out.mediaType}, Fill: true}, nil
}

// lookUp finds the names of what is asked for.
func (srv *host) lookUp(asked *request, on *relay.Terms) (relay.Request, *protocol.Error) {
	names := downstream.Names{Settings: srv.Settings(name)}
	route, refused := names.Route(on, asked.route)
	if refused != nil {
		return relay.Request{}, refused
	}
	voice, refused := names.Voice(on, asked.voice)
	if refused != nil {
		return relay.Request{}, refused
	}
	return relay.Request{
		Text: asked.text, Final: true, Voice: voice, Route: route, Language: asked.language, Speed: 1, Normalize: true,
		Metadata: asked.metadata,
	}, nil
}

// writeError answers with an error of the relay's own protocol, which names fields as the platform does. Platforms read the status alone;
// the rest is for people.
func (srv *host) writeError(w http.ResponseWriter, err *protocol.Error) {
	told := *err
	switch err.Param {
	case "text":
		told.Param = srv.platform.text
	case "model":
		told.Param = "route" // of the address
	}
	downstream.WriteError(w, &told)
}

// form is a body of audio alone.
type form struct {
	body.Bare
	srv       *host
	mediaType string
}

// Head implements body.Form.
func (f form) Head(h http.Header) { h.Set("Content-Type", f.mediaType) }

// Refuse implements body.Form.
func (f form) Refuse(w http.ResponseWriter, err *protocol.Error) { f.srv.writeError(w, err) }
