package elevenlabs

import (
	"encoding/base64"
	"strconv"

	"voicerelay/downstream"
	"voicerelay/relay"
)

// encoder makes a context's messages.
type encoder struct {
	alignments
	about string // the contextId of each message, with a comma before it; empty on a connection of one text
	tail  string // of a frame of audio
	begun bool   // the first alignment was sent
	told  bool   // the client was told of a failure; written before the generation is finished
}

var _ relay.Encoder = (*encoder)(nil)

// noTimes are the alignments of a message that has none.
const noTimes = `,"alignment":null,"normalizedAlignment":null}`

// newEncoder makes the messages of a context with an id; nil: they have none.
func newEncoder(id *string, steady bool) *encoder {
	about := aboutContext(id)
	return &encoder{alignments: alignments{steady: steady}, about: about, tail: `","isFinal":false` + about + noTimes}
}

// aboutContext is the field that names a context.
func aboutContext(id *string) string {
	if id == nil {
		return ""
	}
	return `,"contextId":` + string(downstream.Encode(*id))
}

// finalFrame is the last message of a context, which aboutContext names.
func finalFrame(about string) []byte {
	return []byte(`{"audio":null,"isFinal":true` + about + noTimes)
}

// Form implements relay.Encoder.
func (e *encoder) Form() relay.AudioForm { return relay.Base64 }

// AppendHead implements relay.Encoder.
func (e *encoder) AppendHead(dst []byte, _ relay.Frame) []byte { return append(dst, `{"audio":"`...) }

// AppendTail implements relay.Encoder.
func (e *encoder) AppendTail(dst []byte, _ relay.Frame) []byte { return append(dst, e.tail...) }

// Started implements relay.Encoder.
func (e *encoder) Started(relay.Started) []byte { return nil }

// Rerouted implements relay.Encoder. The client is not to notice.
func (e *encoder) Rerouted(relay.Rerouted) []byte { return nil }

// Words implements relay.Encoder: a message of its own, after the audio that it is about.
func (e *encoder) Words(w relay.Words) []byte {
	from := e.end
	chars := e.add(w.Words)
	if len(chars) == 0 {
		return nil
	}
	absolute := chars
	if !e.begun {
		e.begun, absolute = true, led(chars)
	}
	dst := append(make([]byte, 0, 128+64*len(absolute)), `{"audio":null,"isFinal":false`...)
	dst = append(append(dst, e.about...), `,"alignment":`...)
	if e.steady {
		dst = appendMillis(dst, absolute, 0)
	} else {
		dst = appendMillis(dst, chars, from)
	}
	dst = appendMillis(append(dst, `,"normalizedAlignment":`...), absolute, 0)
	e.close(chars)
	return append(dst, '}')
}

// led is a context's first characters with a space before them that begins after a millisecond, as some of the vendor's models give
// one. LiveKit's plugin for JavaScript takes the first time that is not zero for the silence before the first word, and subtracts
// it from all, though the audio has that silence.
func led(chars []timedChar) []timedChar {
	begin := max(1, chars[0].start)
	all := append([]timedChar{{text: " ", start: 1, end: begin}}, chars...)
	for i := range all[1:] { // quotes before the first word take no time, so that several may begin at once
		c := &all[1+i]
		c.start, c.end = max(begin, c.start), max(begin, c.end)
	}
	return all
}

// appendMillis appends an alignment by the WebSockets' names, with times that count from an origin.
func appendMillis(dst []byte, chars []timedChar, origin int64) []byte {
	dst = appendChars(append(dst, `{"chars":[`...), chars)
	dst = append(dst, `],"charStartTimesMs":[`...)
	for i, c := range chars {
		dst = strconv.AppendInt(comma(dst, i), c.start-origin, 10)
	}
	dst = append(dst, `],"charDurationsMs":[`...)
	for i, c := range chars {
		dst = strconv.AppendInt(comma(dst, i), c.end-c.start, 10)
	}
	return append(dst, `]}`...)
}

// appendChars appends characters as JSON strings.
func appendChars(dst []byte, chars []timedChar) []byte {
	for i, c := range chars {
		dst = append(appendEscaped(append(comma(dst, i), '"'), c.text), '"')
	}
	return dst
}

// appendEscaped appends one character of valid UTF-8 as it stands within a JSON string.
func appendEscaped(dst []byte, char string) []byte {
	const hex = "0123456789abcdef"
	switch c := char[0]; {
	case c == '"', c == '\\':
		return append(dst, '\\', c)
	case c < 0x20:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
	}
	return append(dst, char...)
}

// comma appends a comma before all but the first of a list.
func comma(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ',')
}

// Ended implements relay.Encoder. What went wrong has been said before, see talk.Ended, unless it went wrong after that: then the
// final frame says it.
func (e *encoder) Ended(r relay.Result) []byte {
	final := finalFrame(e.about)
	if r.Err == nil || e.told {
		return final
	}
	fields := downstream.Encode(problemOf(downstream.WireError(r.Err)))[1:] // with the brace that ends them
	return append(append(final[:len(final)-1], ','), fields...)
}

// audio is a frame of audio that is no vendor's.
func (e *encoder) audio(bytes []byte) []byte {
	frame := base64.StdEncoding.AppendEncode(e.AppendHead(nil, relay.Frame{}), bytes)
	return e.AppendTail(frame, relay.Frame{})
}
