package livekit

import (
	"encoding/base64"
	"time"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/relay"
)

// encoder makes the messages of a generation.
type encoder struct {
	session string
	head    []byte // of a message of audio
	text    *downstream.Script
	from    time.Duration // where in its turn the generation begins
	after   string        // what follows each word

	last bool // it is its turn's last generation; written before the generation's end is made
}

var _ relay.Encoder = (*encoder)(nil)

// newEncoder is that of a generation of a model, which speaks a text from a place of its turn on. Clients put a space after each
// word of a model of Cartesia by themselves.
func newEncoder(session, model string, text *downstream.Script, from time.Duration) *encoder {
	e := &encoder{session: session, head: audioHead(session), text: text, from: from}
	if vendorOf(model) != "cartesia" {
		e.after = " "
	}
	return e
}

// audioHead is a message of audio up to the audio. A session's id is letters and digits.
func audioHead(session string) []byte {
	return []byte(`{"type":"output_audio","session_id":"` + session + `","audio":"`)
}

const audioTail = `"}`

// Form implements relay.Encoder.
func (e *encoder) Form() relay.AudioForm { return relay.Base64 }

// AppendHead implements relay.Encoder.
func (e *encoder) AppendHead(dst []byte, _ relay.Frame) []byte { return append(dst, e.head...) }

// AppendTail implements relay.Encoder.
func (e *encoder) AppendTail(dst []byte, _ relay.Frame) []byte { return append(dst, audioTail...) }

// Started implements relay.Encoder.
func (e *encoder) Started(relay.Started) []byte { return nil }

// Rerouted implements relay.Encoder.
func (e *encoder) Rerouted(relay.Rerouted) []byte { return nil }

// Words implements relay.Encoder.
func (e *encoder) Words(w relay.Words) []byte {
	told := alignment{Type: "output_alignment", SessionID: e.session}
	for _, word := range w.Words {
		told.Words = append(told.Words, timedWord{
			Word: e.text.Written(word) + e.after, Start: seconds(e.from + word.Start), End: seconds(e.from + word.End),
		})
	}
	return downstream.Encode(told)
}

// Ended implements relay.Encoder. Of a generation that was cancelled there is no more to say: its client is gone.
func (e *encoder) Ended(r relay.Result) []byte {
	switch {
	case r.Err != nil:
		return failureOf(e.session, downstream.WireError(r.Err))
	case e.last && r.Reason == relay.Completed:
		return downstream.Encode(plain{Type: "done", SessionID: e.session})
	}
	return nil
}

// silence is a message of silence, for a text in which there is nothing to speak.
func silence(session string, rate int) []byte {
	samples := downstream.SilenceFor(audio.Format{Encoding: audio.PCM16, Rate: rate})
	return append(base64.StdEncoding.AppendEncode(audioHead(session), samples), audioTail...)
}
