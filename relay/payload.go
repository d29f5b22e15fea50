package relay

import (
	"slices"
	"time"

	"github.com/coder/websocket"
	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
)

// payload is audio in the output's format, either as bytes or as the vendor's own base64.
type payload struct {
	raw, base64 []byte
	end         sample // the last one, if the audio is base64
	samples     int64
	at          time.Time // when it came
}

// emitLocked queues audio for the client, and the words whose end it reaches.
func (a *attempt) emitLocked(p payload) {
	o := a.out
	if p.samples == 0 {
		return
	}
	if !a.outcome.heard {
		a.outcome.heard = true
		o.introduceLocked(a, p.at)
	}
	o.lane.Push(o.audioMessageLocked(p))
	o.seq++
	o.lastSample = p.end // known beforehand for base64, which is not decoded again
	if p.raw != nil {
		o.lastSample = lastSample(o.req.output, p.raw)
	}
	o.track.Samples += p.samples
	o.announceLocked()
}

// audioEnvelope is room for what goes around the audio in a message: the longest id, names, and numbers. A message that
// needed more would grow once, and allocate.
const audioEnvelope = 256

// audioMessageLocked builds the client's message. The WAV header goes into the first frame and is no sample.
func (o *output) audioMessageLocked(p payload) *delivery.Message {
	f := Frame{Seq: o.seq, Start: audio.Duration(o.track.Samples, o.req.output.Rate), Samples: p.samples}
	raw := p.raw
	if o.seq == 0 && o.req.output.Encoding == audio.WAV {
		raw = append(audio.WAVHeader(o.req.output.Rate), raw...)
	}
	kind, size := websocket.MessageBinary, len(raw)
	if o.req.encoder.Form() == Base64 {
		kind, size = websocket.MessageText, max(len(p.base64), base64.StdEncoding.EncodedLen(len(raw)))
	}
	m := delivery.NewMessage(kind, audioEnvelope+size)
	m.Samples, m.Queued = p.samples, p.at
	m.Buf = o.req.encoder.AppendHead(m.Buf, f)
	switch {
	case kind == websocket.MessageBinary:
		m.Buf = append(m.Buf, raw...)
	case p.base64 != nil:
		m.Buf = append(m.Buf, p.base64...)
	default:
		m.Buf = appendBase64(m.Buf, raw)
	}
	m.Buf = o.req.encoder.AppendTail(m.Buf, f)
	return m
}

// appendBase64 appends the base64 of raw.
func appendBase64(dst, raw []byte) []byte {
	n := base64.StdEncoding.EncodedLen(len(raw))
	dst = slices.Grow(dst, n)
	end := len(dst)
	base64.StdEncoding.Encode(dst[end:end+n], raw)
	return dst[:end+n]
}
