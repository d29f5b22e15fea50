package relay

import (
	"slices"

	"github.com/coder/websocket"
	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/relay/sound"
)

// maxMessageAudio bounds the bytes of audio in a message: there are vendors that give whole sentences at once, and clients that take
// no message of a mebibyte (Python's websockets, as it comes). It is well over a second in the usual formats.
const maxMessageAudio = 64_000

// queueAudioLocked queues audio for the client, and the words whose end it reaches.
func (o *output) queueAudioLocked(p sound.Payload) {
	bytes := o.req.output.BytesPerSample()
	for rest := p; rest.Samples > 0; {
		var head sound.Payload
		head, rest = rest.Cut(int64(maxMessageAudio/bytes), bytes)
		o.lane.Push(o.audioMessageLocked(head))
		o.seq++
		o.lastSample = head.Last(o.req.output)
		o.track.Samples += head.Samples
		o.announceLocked()
	}
}

// audioEnvelope is room for what goes around the audio in a message: the longest id, names, and numbers. A message that
// needed more would grow once, and allocate.
const audioEnvelope = 256

// audioMessageLocked builds the client's message. The WAV header goes into the first frame and is no sample.
func (o *output) audioMessageLocked(p sound.Payload) *delivery.Message {
	f := Frame{Seq: o.seq, Start: audio.Duration(o.track.Samples, o.req.output.Rate), Samples: p.Samples}
	raw := p.Raw
	if o.seq == 0 && o.req.output.Encoding == audio.WAV {
		raw = append(audio.WAVHeader(o.req.output.Rate), raw...)
	}
	kind, size := websocket.MessageBinary, len(raw)
	if o.req.encoder.Form() == Base64 {
		kind, size = websocket.MessageText, max(len(p.Base64), base64.StdEncoding.EncodedLen(len(raw)))
	}
	m := delivery.NewMessage(kind, audioEnvelope+size)
	m.Samples, m.Queued = p.Samples, p.At
	m.Buf = o.req.encoder.AppendHead(m.Buf, f)
	switch {
	case kind == websocket.MessageBinary:
		m.Buf = append(m.Buf, raw...)
	case p.Base64 != nil:
		m.Buf = append(m.Buf, p.Base64...)
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
