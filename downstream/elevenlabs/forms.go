package elevenlabs

import (
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream/body"
	"voicerelay/relay"
)

// audioForm is a body of audio alone.
type audioForm struct {
	body.Bare
	mediaType string
}

// Head implements body.Form.
func (f audioForm) Head(h http.Header) { head(h, f.mediaType) }

// Refuse implements body.Form.
func (audioForm) Refuse(w http.ResponseWriter, err *protocol.Error) { refuse(w, err) }

// head sets the header of an answer. Clients call request-id what they report when something went wrong.
func head(h http.Header, mediaType string) {
	h.Set("Content-Type", mediaType)
	h.Set("Request-Id", h.Get("Record-Id"))
}

// The fields of an answer with times, in its order.
const (
	audioField      = `{"audio_base64":"`
	alignmentField  = `,"alignment":`
	normalizedField = `,"normalized_alignment":`
	untimed         = `"` + alignmentField + "null" + normalizedField + "null}"
)

// linesForm is a body of JSON objects, a line each: audio, and the times of characters whose audio has come.
type linesForm struct {
	body.Bare
	wire *lineEncoder
}

// Encoder implements body.Form.
func (f linesForm) Encoder() relay.Encoder { return f.wire }

// Head implements body.Form.
func (linesForm) Head(h http.Header) { head(h, "application/json") }

// Audio implements body.Form.
func (linesForm) Audio(dst, frame []byte) []byte { return append(append(dst, frame...), '\n') }

// Message implements body.Form.
func (linesForm) Message(dst, message []byte) []byte { return append(append(dst, message...), '\n') }

// Silence implements body.Form.
func (f linesForm) Silence(dst, audio []byte) []byte {
	return append(append(base64.StdEncoding.AppendEncode(append(dst, audioField...), audio), untimed...), '\n')
}

// End implements body.Form.
func (f linesForm) End(dst []byte, r relay.Result) ([]byte, bool) {
	if rest := f.wire.untilEnd(r); len(rest) > 0 {
		dst = append(appendTimes(append(dst, audioField+`"`...), rest), '\n')
	}
	return f.Bare.End(dst, r)
}

// Refuse implements body.Form.
func (linesForm) Refuse(w http.ResponseWriter, err *protocol.Error) { refuse(w, err) }

// lineEncoder makes the lines.
type lineEncoder struct {
	body.BareEncoder
	alignments
}

// Form implements relay.Encoder.
func (*lineEncoder) Form() relay.AudioForm { return relay.Base64 }

// AppendHead implements relay.Encoder.
func (*lineEncoder) AppendHead(dst []byte, _ relay.Frame) []byte { return append(dst, audioField...) }

// AppendTail implements relay.Encoder.
func (*lineEncoder) AppendTail(dst []byte, _ relay.Frame) []byte { return append(dst, untimed...) }

// Words implements relay.Encoder. A line without audio is one of the vendor's too.
func (e *lineEncoder) Words(w relay.Words) []byte {
	chars := e.add(w.Words)
	if len(chars) == 0 {
		return nil
	}
	e.close(chars)
	return appendTimes(append(make([]byte, 0, 256+128*len(chars)), audioField+`"`...), chars)
}

// wholeForm is a body of one JSON object, which is known at the end.
type wholeForm struct {
	body.Bare
	wire  *wholeEncoder
	begun bool
	rest  []byte // audio that is less than base64 takes at once
}

// Encoder implements body.Form.
func (f *wholeForm) Encoder() relay.Encoder { return f.wire }

// Head implements body.Form.
func (*wholeForm) Head(h http.Header) { head(h, "application/json") }

// Audio implements body.Form.
func (f *wholeForm) Audio(dst, frame []byte) []byte {
	if !f.begun {
		f.begun = true
		dst = append(dst, audioField...)
	}
	f.rest = append(f.rest, frame...)
	whole := len(f.rest) - len(f.rest)%3
	dst = base64.StdEncoding.AppendEncode(dst, f.rest[:whole])
	f.rest = append(f.rest[:0], f.rest[whole:]...)
	return dst
}

// Silence implements body.Form.
func (f *wholeForm) Silence(dst, audio []byte) []byte { return f.Audio(dst, audio) }

// End implements body.Form.
func (f *wholeForm) End(dst []byte, r relay.Result) ([]byte, bool) {
	dst = f.Audio(dst, nil)
	dst = append(base64.StdEncoding.AppendEncode(dst, f.rest), '"')
	return appendTimes(dst, append(f.wire.all, f.wire.untilEnd(r)...)), r.Reason == relay.Completed
}

// Refuse implements body.Form.
func (*wholeForm) Refuse(w http.ResponseWriter, err *protocol.Error) { refuse(w, err) }

// wholeEncoder keeps the times of all characters for the end.
type wholeEncoder struct {
	body.BareEncoder
	alignments
	all []timedChar
}

// Words implements relay.Encoder.
func (e *wholeEncoder) Words(w relay.Words) []byte {
	chars := e.add(w.Words)
	e.close(chars)
	e.all = append(e.all, chars...)
	return nil
}

// appendTimes ends an object with the times of its characters, on both of the vendor's alignments: they are the client's own.
func appendTimes(dst []byte, chars []timedChar) []byte {
	dst = appendSeconds(append(dst, alignmentField...), chars)
	return append(appendSeconds(append(dst, normalizedField...), chars), '}')
}

// appendSeconds appends an alignment by the names of answers over HTTP. Its times count from the request's first sample.
func appendSeconds(dst []byte, chars []timedChar) []byte {
	if len(chars) == 0 {
		return append(dst, "null"...)
	}
	dst = appendChars(append(dst, `{"characters":[`...), chars)
	dst = append(dst, `],"character_start_times_seconds":[`...)
	for i, c := range chars {
		dst = strconv.AppendFloat(comma(dst, i), seconds(c.start), 'f', -1, 64)
	}
	dst = append(dst, `],"character_end_times_seconds":[`...)
	for i, c := range chars {
		dst = strconv.AppendFloat(comma(dst, i), seconds(c.end), 'f', -1, 64)
	}
	return append(dst, `]}`...)
}
