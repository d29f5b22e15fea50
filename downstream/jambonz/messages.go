package jambonz

import (
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// Types of messages that jambonz sends.
const (
	typeStream    = "stream"    // text
	typeFlush     = "flush"     // the text so far is to be spoken
	typeStop      = "stop"      // nothing of it is wanted any more
	typeKeepalive = "keepalive" // nothing: the connection is still used
)

// message is any message of jambonz.
type message struct {
	Type string `json:"type"`
	Text string `json:"text"` // of stream
}

// connect is the first message.
type connect struct {
	Type string      `json:"type"`
	Data connectData `json:"data"`
}

type connectData struct {
	SampleRate int  `json:"sample_rate"` // of the audio, which jambonz resamples
	Base64     bool `json:"base64_encoding"`
}

// failure is an error.
type failure struct {
	Type  string `json:"type"`
	Error string `json:"error"`
}

func connected(rate int) []byte {
	return downstream.Encode(connect{"connect", connectData{SampleRate: rate}})
}

func failed(why string) []byte { return downstream.Encode(failure{"error", why}) }

// encoder gives the audio of a generation alone, and its failure.
type encoder struct{ body.BareEncoder }

var _ relay.Encoder = encoder{}

// Ended implements relay.Encoder.
func (encoder) Ended(r relay.Result) []byte {
	if r.Err != nil {
		return failed(r.Err.Message)
	}
	return nil
}
