package deepgram

import (
	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// encoder gives a turn's audio as it is, and by the second version what goes before it. The end is sent by Talk.Ended, since it
// answers several turns where the later ones had no audio.
type encoder struct {
	body.BareEncoder
	started []byte // nil: nothing goes before the audio
}

var _ relay.Encoder = (*encoder)(nil)

// Started implements relay.Encoder.
func (e *encoder) Started(relay.Started) []byte { return e.started }
