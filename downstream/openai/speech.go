package openai

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/downstream/compress"
	"voicerelay/relay"
)

// readText is what a request wants spoken, and how its answer looks.
func (srv *host) readText(w http.ResponseWriter, r *http.Request, key *access.Key) (body.Text, *protocol.Error) {
	once, refused := downstream.IdempotencyKey(r, "Idempotency-Key")
	if refused != nil {
		return body.Text{}, refused
	}
	asked, refused := readRequest(w, r, key.Limits.MaxMessageBytes)
	if refused != nil {
		return body.Text{}, refused
	}
	out, refused := asked.outputOf(r, srv.Settings(name).MP3Fallback, srv.can)
	if refused != nil {
		return body.Text{}, refused
	}
	ask := func(held downstream.Held) (relay.Request, *protocol.Error) {
		request, refused := srv.request(asked, held.Terms)
		request.IdempotencyKey, request.Output, request.Metadata = once, out.Format, metadataOf(r)
		return request, refused
	}
	return body.Text{Ask: ask, Form: formOf(out), Fill: true}, nil
}

// can reports whether there is an encoder of a format, if it needs one.
func (srv *host) can(f audio.Format) bool { return compress.Check(srv.Codecs(), f, 0) == nil }

// request looks up the names of what is asked for.
func (srv *host) request(asked *speechRequest, on *relay.Terms) (relay.Request, *protocol.Error) {
	names := srv.names()
	route, refused := names.Route(on, asked.Model)
	if refused != nil {
		return relay.Request{}, refused
	}
	voice, refused := names.Voice(on, string(asked.Voice))
	if refused != nil {
		return relay.Request{}, refused
	}
	return relay.Request{
		Text: *asked.Input, Final: true, Voice: voice, Route: route, Speed: asked.speed(), Normalize: true,
	}, nil
}

// metadataOf is what the record says of a request. The vendor's own clients ask up to three times for one text; they say for the
// how-manieth.
func metadataOf(r *http.Request) map[string]string {
	metadata := map[string]string{"dialect": name}
	if again := r.Header.Get("X-Stainless-Retry-Count"); again != "" && again != "0" && len(again) <= len("100") {
		metadata["client_retry"] = again
	}
	return metadata
}

// formOf is how an answer looks.
func formOf(out output) body.Form {
	if out.events {
		return eventsForm{bareForm{mediaType: "text/event-stream"}}
	}
	return bareForm{mediaType: out.mediaType}
}
