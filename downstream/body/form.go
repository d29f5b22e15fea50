package body

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
)

// Form is how an answer looks to a dialect's clients. Its methods are called one at a time.
type Form interface {
	// Encoder makes the generation's messages.
	Encoder() relay.Encoder
	// Accepted is the message that tells the client that its generation stands; nil: it is not told.
	Accepted(g *relay.Generation) []byte
	// Head sets the header of an answer that has a body. Generation-Id and Record-Id are there.
	Head(h http.Header)
	// Audio appends a frame of audio to the body, as the encoder made it, and Message a message about the generation.
	Audio(dst, frame []byte) []byte
	Message(dst, message []byte) []byte
	// Silence appends audio that the encoder has not made: all that there is of a text in which there is nothing to speak.
	Silence(dst, audio []byte) []byte
	// End appends what the body of a generation that ended so ends with. whole: false if its client must see that it broke
	// off, and not take it for all of the text.
	End(dst []byte, r relay.Result) (ended []byte, whole bool)
	// Refuse answers with an error, where there is no body.
	Refuse(w http.ResponseWriter, err *protocol.Error)
}

// Bare is a body of audio alone. A dialect embeds it and has its own Head and Refuse.
type Bare struct{}

var _ Form = Bare{}

// Encoder implements Form.
func (Bare) Encoder() relay.Encoder { return BareEncoder{} }

// Accepted implements Form.
func (Bare) Accepted(*relay.Generation) []byte { return nil }

// Head implements Form.
func (Bare) Head(http.Header) {}

// Audio implements Form.
func (Bare) Audio(dst, frame []byte) []byte { return append(dst, frame...) }

// Message implements Form.
func (Bare) Message(dst, _ []byte) []byte { return dst }

// Silence implements Form.
func (Bare) Silence(dst, audio []byte) []byte { return append(dst, audio...) }

// End implements Form.
func (Bare) End(dst []byte, r relay.Result) ([]byte, bool) { return dst, r.Reason == relay.Completed }

// Refuse implements Form.
func (Bare) Refuse(w http.ResponseWriter, err *protocol.Error) { downstream.WriteError(w, err) }

// BareEncoder gives audio alone. An encoder of raw audio embeds it and has its own messages.
type BareEncoder struct{}

var _ relay.Encoder = BareEncoder{}

// Form implements relay.Encoder.
func (BareEncoder) Form() relay.AudioForm { return relay.Raw }

// AppendHead implements relay.Encoder.
func (BareEncoder) AppendHead(dst []byte, _ relay.Frame) []byte { return dst }

// AppendTail implements relay.Encoder.
func (BareEncoder) AppendTail(dst []byte, _ relay.Frame) []byte { return dst }

// Started implements relay.Encoder.
func (BareEncoder) Started(relay.Started) []byte { return nil }

// Rerouted implements relay.Encoder.
func (BareEncoder) Rerouted(relay.Rerouted) []byte { return nil }

// Words implements relay.Encoder.
func (BareEncoder) Words(relay.Words) []byte { return nil }

// Ended implements relay.Encoder.
func (BareEncoder) Ended(relay.Result) []byte { return nil }
