package relay

import (
	"errors"
	"slices"

	"github.com/coder/websocket"
	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/upstream"
)

// errNotBase64 is the cause of a garbled frame.
var errNotBase64 = errors.New("audio is not base64")

// rawLocked is the frame's audio bytes, in scratch if they had to be decoded. Base64 is decoded even if it will be passed on:
// otherwise it is not known to be base64, and decoding costs half a microsecond.
func (c *conversion) rawLocked(f upstream.Frame, scratch *[]byte) ([]byte, error) {
	if f.Base64 == nil {
		return f.Raw, nil
	}
	if need := base64.StdEncoding.DecodedLen(len(f.Base64)); cap(*scratch) < need {
		*scratch = make([]byte, need)
	}
	room := (*scratch)[:cap(*scratch)]
	n, err := base64.StdEncoding.Decode(room, f.Base64)
	if err != nil {
		return nil, errNotBase64
	}
	// The decoder skips line breaks, which would break the client's JSON if they were passed on. With line breaks the text is
	// longer than its decoded length says, so the two lengths show whether there are any.
	c.clean = len(f.Base64)%4 == 0 && n == f.Len()
	return room[:n], nil
}

// passesLocked reports whether the vendor's base64 can go to the client as it is.
func (c *conversion) passesLocked(f upstream.Frame, raw []byte) bool {
	o := c.a.out
	return f.Base64 != nil && c.clean && o.req.encoder.Form() == Base64 && c.conv == nil &&
		f.Format.Samples() == o.req.output.Samples() &&
		len(raw)%f.Format.BytesPerSample() == 0 &&
		(o.req.output.Encoding != audio.WAV || o.seq > 0)
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
