package cartesia

import (
	"cmp"
	"crypto/rand"
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// eventsEndpoint serves POST /tts/sse: a text for the messages of a context, as server-sent events.
func (srv *host) eventsEndpoint() body.Endpoint {
	return srv.endpoint(func(s *single) (body.Form, *protocol.Error) {
		if s.OutputFormat.Container != "raw" {
			return nil, downstream.Unsupported("output_format.container", "output_format.container is raw in events")
		}
		id := cmp.Or(s.ContextID, rand.Text())
		encoder := eventEncoder{newEncoder(id, s.output)}
		encoder.text.Append(s.Transcript)
		return eventsForm{encoder: encoder}, nil
	})
}

// Around a message that is an event.
const (
	chunkEvent = "event: chunk\ndata: "
	eventEnd   = "\n\n"
)

// event is a message as an event.
func event(kind string, message []byte) []byte {
	framed := append([]byte("event: "+kind+"\ndata: "), message...)
	return append(framed, eventEnd...)
}

// eventEncoder makes events of the messages of a context.
type eventEncoder struct{ *encoder }

var _ relay.Encoder = eventEncoder{}

// AppendHead implements relay.Encoder.
func (e eventEncoder) AppendHead(dst []byte, f relay.Frame) []byte {
	return e.encoder.AppendHead(append(dst, chunkEvent...), f)
}

// AppendTail implements relay.Encoder.
func (e eventEncoder) AppendTail(dst []byte, f relay.Frame) []byte {
	return append(e.encoder.AppendTail(dst, f), eventEnd...)
}

// Words implements relay.Encoder.
func (e eventEncoder) Words(w relay.Words) []byte { return event("timestamps", e.encoder.Words(w)) }

// Ended implements relay.Encoder: the form has the end.
func (eventEncoder) Ended(relay.Result) []byte { return nil }

// eventsForm is a body of events.
type eventsForm struct {
	bytesForm
	encoder eventEncoder
}

// Encoder implements body.Form.
func (f eventsForm) Encoder() relay.Encoder { return f.encoder }

// Head implements body.Form.
func (eventsForm) Head(h http.Header) { h.Set("Content-Type", "text/event-stream") }

// Message implements body.Form.
func (eventsForm) Message(dst, message []byte) []byte { return append(dst, message...) }

// Silence implements body.Form.
func (f eventsForm) Silence(dst, samples []byte) []byte {
	return append(dst, event("chunk", f.encoder.chunk(samples))...)
}

// End implements body.Form. The last event says that it is the last, so that nothing has to break off.
func (f eventsForm) End(dst []byte, r relay.Result) ([]byte, bool) {
	if r.Err != nil {
		dst = append(dst, event("error", f.encoder.before(r))...)
	}
	return append(dst, event("done", f.encoder.encoder.Ended(r))...), true
}
