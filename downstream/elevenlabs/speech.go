package elevenlabs

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// shape is how an answer over HTTP looks.
type shape int

const (
	bareAudio  shape = iota // audio as it comes
	timedLines              // a line of JSON for each frame of audio, and for the times of words
	timedWhole              // one object of JSON
)

// endpoint serves texts whose answer has a shape.
func (srv *host) endpoint(of shape) downstream.Handler {
	read := func(w http.ResponseWriter, r *http.Request, key *access.Key) (body.Text, *protocol.Error) {
		return srv.readText(w, r, key, of)
	}
	return body.Endpoint{On: srv, Read: read, Refuse: refuse}.Serve
}

// readText is what a request wants spoken, and how its answer looks.
func (srv *host) readText(w http.ResponseWriter, r *http.Request, key *access.Key, of shape) (body.Text, *protocol.Error) {
	at := ownBody
	if of != bareAudio {
		at = withinText
	}
	asked, refused := srv.readRequest(w, r, key.Limits.MaxMessageBytes, at)
	if refused != nil {
		return body.Text{}, refused
	}
	return body.Text{
		Ask: func(held downstream.Held) (relay.Request, *protocol.Error) {
			return srv.resolve(held.Terms, r.PathValue("voice"), asked.ModelID, relay.Request{
				Text: *asked.Text, Final: true, Language: asked.LanguageCode, Output: asked.output.Format, Kbps: asked.output.kbps,
				Speed: asked.VoiceSettings.speed(), Options: asked.VoiceSettings.options(held.Terms),
				WordTimestamps: of != bareAudio, Normalize: asked.Normalization != "off",
			})
		},
		Form:  asked.form(of),
		Whole: of == timedWhole,
		Fill:  true,
	}, nil
}

// form is how the answer looks.
func (asked *speechRequest) form(of shape) body.Form {
	switch of {
	case timedLines:
		f := linesForm{wire: &lineEncoder{}}
		f.wire.transcript.add(*asked.Text)
		return f
	case timedWhole:
		f := &wholeForm{wire: &wholeEncoder{}}
		f.wire.transcript.add(*asked.Text)
		return f
	}
	return audioForm{mediaType: mediaType(asked.output.Format)}
}
