package native

import (
	"crypto/rand"
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// speechEndpoint serves POST /v1/speech.
func (srv *host) speechEndpoint() body.Endpoint {
	return body.Endpoint{On: srv, Read: readText, Refuse: downstream.WriteError}
}

// readText is what a request wants spoken, and how its answer looks.
func readText(w http.ResponseWriter, r *http.Request, key *access.Key) (body.Text, *protocol.Error) {
	form, refused := bodyFormOf(r)
	if refused != nil {
		return body.Text{}, refused
	}
	cmd, refused := readSpeech(w, r, key.Limits.MaxMessageBytes)
	if refused != nil {
		return body.Text{}, refused
	}
	if cmd.GenerationID == "" {
		cmd.GenerationID = "g" + rand.Text()
	}
	return body.Text{
		ID:    cmd.GenerationID,
		Ask:   func(downstream.Held) (relay.Request, *protocol.Error) { return requestOf(cmd), nil },
		Form:  formOf(form, outputOf(cmd.Settings), cmd.GenerationID),
		Whole: form == bodyWhole,
		Own:   true,
	}, nil
}

// audioForm is a body of audio alone; its trailers say the rest.
type audioForm struct {
	body.Bare
	output protocol.Output
}

// Head implements body.Form.
func (f audioForm) Head(h http.Header) { h.Set("Content-Type", mediaType(f.output)) }

// End implements body.Form. A file without samples is one as well.
func (f audioForm) End(dst []byte, r relay.Result) ([]byte, bool) {
	if f.output.Encoding == protocol.EncodingWAV && r.Usage.Audio == 0 {
		dst = append(dst, audio.WAVHeader(f.output.SampleRate)...)
	}
	return f.Bare.End(dst, r)
}

// linesForm is a body of messages, a line each.
type linesForm struct {
	body.Bare
	wire *encoder
}

// Encoder implements body.Form.
func (f linesForm) Encoder() relay.Encoder { return f.wire }

// Accepted implements body.Form.
func (linesForm) Accepted(g *relay.Generation) []byte {
	return protocol.Encode(protocol.Accepted{GenerationID: g.ID(), RecordID: g.RecordID()})
}

// Head implements body.Form.
func (linesForm) Head(h http.Header) { h.Set("Content-Type", linesType) }

// Audio implements body.Form.
func (linesForm) Audio(dst, frame []byte) []byte { return append(append(dst, frame...), '\n') }

// Message implements body.Form.
func (linesForm) Message(dst, message []byte) []byte { return append(append(dst, message...), '\n') }

// End implements body.Form. The last line says how it ended.
func (linesForm) End(dst []byte, _ relay.Result) ([]byte, bool) { return dst, true }

// formOf is how an answer looks.
func formOf(form bodyForm, output protocol.Output, id string) body.Form {
	if form == bodyLines {
		return linesForm{wire: &encoder{id: id, asked: output}}
	}
	return audioForm{output: output}
}
