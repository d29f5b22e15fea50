package relay

import (
	"sync"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// conversion takes a vendor's frames to the output's format.
type conversion struct {
	// Static after newAttempt.
	a   *attempt               // whose it is
	ear *audio.SilenceDetector // hears what the client gets; nil: nobody needs to

	// Guarded by the output's mu.
	conv      *audio.Converter // nil: none was needed so far
	from      audio.Format
	out       []byte    // used again for each frame
	clean     bool      // the frame's base64 has no line breaks
	crossfade crossfade // to the voice before
}

// payloadLocked is a frame as the client gets it; valid until the next frame.
func (c *conversion) payloadLocked(f upstream.Frame, raw []byte) (payload, error) {
	if c.passesLocked(f, raw) {
		if c.ear != nil {
			c.ear.Hear(raw)
		}
		samples := int64(len(raw) / f.Format.BytesPerSample())
		if c.crossfade.open() {
			raw = c.crossfade.join(c.a.out.req.output, raw)
			return payload{raw: raw, samples: int64(len(raw) / f.Format.BytesPerSample())}, nil
		}
		return payload{base64: f.Base64, samples: samples, end: lastSample(f.Format, raw)}, nil
	}
	out, err := c.convertLocked(f.Format, raw)
	if err != nil {
		return payload{}, err
	}
	if c.ear != nil {
		c.ear.Hear(out)
	}
	if c.crossfade.open() {
		out = c.crossfade.join(c.a.out.req.output, out)
	}
	return payload{raw: out, samples: int64(len(out) / c.a.out.req.output.BytesPerSample())}, nil
}

// scratchPool has buffers for decoded audio. They are used within one frame's step only.
var scratchPool = sync.Pool{New: func() any { return new([]byte) }}

// convertLocked converts audio bytes to the output's format; the result is valid until the next frame. After an attempt has
// needed the converter, all its audio goes through it, since the converter may hold half a sample.
func (c *conversion) convertLocked(from audio.Format, raw []byte) ([]byte, error) {
	c.out = c.out[:0]
	if c.conv != nil && c.from != from {
		c.out = c.conv.Flush(c.out)
		c.conv = nil
	}
	if c.conv == nil {
		conv, err := audio.NewConverter(from, c.a.out.req.output.Samples())
		if err != nil {
			return nil, err
		}
		c.conv, c.from = conv, from
	}
	c.out = c.conv.Convert(c.out, raw)
	return c.out, nil
}
