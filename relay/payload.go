package relay

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/upstream"
)

// payload is audio in the output's format, either as bytes or as the vendor's own base64.
type payload struct {
	raw, base64 []byte
	end         sample // the last one, where the audio is base64
	samples     int64
	at          time.Time // when it came
}

// errNotBase64 is the cause of a garbled frame.
var errNotBase64 = errors.New("audio is not base64")

// payloadLocked is a frame as the client gets it; valid until the next frame.
func (c *conversion) payloadLocked(f upstream.Frame, raw []byte) (payload, error) {
	if c.passesLocked(f, raw) {
		if c.a.align.ear != nil {
			c.a.align.ear.Hear(raw)
		}
		samples := int64(len(raw) / f.Format.BytesPerSample())
		if c.seam.open() {
			raw = c.seam.join(c.a.g.req.output, raw)
			return payload{raw: raw, samples: int64(len(raw) / f.Format.BytesPerSample())}, nil
		}
		return payload{base64: f.Base64, samples: samples, end: lastSample(f.Format, raw)}, nil
	}
	out, err := c.convertLocked(f.Format, raw)
	if err != nil {
		return payload{}, err
	}
	if c.a.align.ear != nil {
		c.a.align.ear.Hear(out)
	}
	if c.seam.open() {
		out = c.seam.join(c.a.g.req.output, out)
	}
	return payload{raw: out, samples: int64(len(out) / c.a.g.req.output.BytesPerSample())}, nil
}

// scratchPool has buffers for decoded audio, which is copied or forgotten before the frame is done with.
var scratchPool = sync.Pool{New: func() any { return new([]byte) }}

// rawLocked is the frame's audio bytes, in scratch where they had to be decoded. Base64 is decoded even where it will be
// passed on as it is: only so is it known to be base64, and decoding costs half a microsecond.
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
	// The decoder passes over line breaks, wherever they are, which would break the client's JSON. Each four of them
	// make the text three bytes longer than what it decodes to, so its length tells whether there are any.
	c.clean = len(f.Base64)%4 == 0 && n == f.Len()
	return room[:n], nil
}

// passesLocked reports whether the vendor's base64 can go to the client as it is.
func (c *conversion) passesLocked(f upstream.Frame, raw []byte) bool {
	g := c.a.g
	return f.Base64 != nil && c.clean && g.req.encoder.Form() == Base64 && c.conv == nil &&
		f.Format.Samples() == g.req.output.Samples() &&
		len(raw)%f.Format.BytesPerSample() == 0 &&
		(g.req.output.Encoding != audio.WAV || g.out.seq > 0)
}

// convertLocked takes audio bytes to the output's format; the result is valid until the next frame. Once
// an attempt has needed the converter, all its audio goes through it, since it may hold half a sample.
func (c *conversion) convertLocked(from audio.Format, raw []byte) ([]byte, error) {
	c.out = c.out[:0]
	if c.conv != nil && c.from != from {
		c.out = c.conv.Flush(c.out)
		c.conv = nil
	}
	if c.conv == nil {
		conv, err := audio.NewConverter(from, c.a.g.req.output.Samples())
		if err != nil {
			return nil, err
		}
		c.conv, c.from = conv, from
	}
	c.out = c.conv.Convert(c.out, raw)
	return c.out, nil
}

// emitLocked queues audio for the client, and the words whose end it reaches.
func (a *attempt) emitLocked(p payload) {
	g := a.g
	if p.samples == 0 {
		return
	}
	if !a.outcome.heard {
		a.outcome.heard = true
		g.out.introduceLocked(a, p.at)
	}
	g.out.lane.Push(g.out.audioMessageLocked(p))
	g.out.seq++
	g.out.lastSample = p.end
	if p.raw != nil {
		g.out.lastSample = lastSample(g.req.output, p.raw)
	}
	g.out.track.Samples += p.samples
	g.out.announceLocked()
}

// audioEnvelope is the most that stands around the audio in a message: a longest id, names, and numbers.
const audioEnvelope = 256

// audioMessageLocked builds the client's message. The WAV header stands in the first frame and is no sample.
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
