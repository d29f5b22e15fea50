package sound

import (
	"errors"
	"time"

	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Config is what a client gets.
type Config struct {
	Output audio.Format
	Base64 bool                   // rather than bytes
	Ear    *audio.SilenceDetector // hears all of it; nil: nobody needs to
}

// Conversion takes one vendor's frames to the client's format.
type Conversion struct {
	cfg Config // static

	conv      *audio.Converter // nil: none was needed so far
	from      audio.Format
	out       []byte    // used again for each frame
	clean     bool      // the frame's base64 has no line breaks
	crossfade crossfade // to the voice before
}

// NewConversion has had no frame yet.
func NewConversion(cfg Config) Conversion { return Conversion{cfg: cfg} }

// FadeIn has the vendor's audio fade in, after the decay of the last sample of another voice. It returns how many samples that decay
// takes, which go before the vendor's own.
func (c *Conversion) FadeIn(after Sample) (before int64) {
	c.crossfade.total = crossfadeSamples(c.cfg.Output.Rate)
	if after.IsSet() {
		c.crossfade.decay = audio.AppendDecay(nil, c.cfg.Output, after.bytes[:after.size], c.crossfade.total)
	}
	return int64(len(c.crossfade.decay) / c.cfg.Output.BytesPerSample())
}

// Payload is a frame as the client gets it, given its audio bytes as of Raw; valid until the next frame. first: it is the client's first.
func (c *Conversion) Payload(f upstream.Frame, raw []byte, first bool) (Payload, error) {
	if c.passes(f, raw, first) {
		if c.cfg.Ear != nil {
			c.cfg.Ear.Hear(raw)
		}
		samples := int64(len(raw) / f.Format.BytesPerSample())
		if c.crossfade.open() {
			raw = c.crossfade.join(c.cfg.Output, raw)
			return Payload{Raw: raw, Samples: int64(len(raw) / f.Format.BytesPerSample())}, nil
		}
		return Payload{Base64: f.Base64, Samples: samples, end: lastSample(f.Format, raw)}, nil
	}
	out, err := c.convert(f.Format, raw)
	if err != nil {
		return Payload{}, err
	}
	if c.cfg.Ear != nil {
		c.cfg.Ear.Hear(out)
	}
	if c.crossfade.open() {
		out = c.crossfade.join(c.cfg.Output, out)
	}
	return Payload{Raw: out, Samples: int64(len(out) / c.cfg.Output.BytesPerSample())}, nil
}

// Flush is what the converter still has, at the end of the vendor's audio; false: nothing was converted.
func (c *Conversion) Flush(now time.Time) (p Payload, ok bool) {
	if c.conv == nil {
		return Payload{}, false
	}
	c.out = c.conv.Flush(c.out[:0])
	c.conv = nil
	return Payload{Raw: c.out, Samples: int64(len(c.out) / c.cfg.Output.BytesPerSample()), At: now}, true
}

// errNotBase64 is the cause of a garbled frame.
var errNotBase64 = errors.New("audio is not base64")

// Raw is the frame's audio bytes, in scratch if they had to be decoded. Base64 is decoded even if it will be passed on:
// otherwise it is not known to be base64, and decoding costs half a microsecond.
func (c *Conversion) Raw(f upstream.Frame, scratch *[]byte) ([]byte, error) {
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

// passes reports whether the vendor's base64 can go to the client as it is.
func (c *Conversion) passes(f upstream.Frame, raw []byte, first bool) bool {
	return f.Base64 != nil && c.clean && c.cfg.Base64 && c.conv == nil &&
		f.Format.Samples() == c.cfg.Output.Samples() &&
		len(raw)%f.Format.BytesPerSample() == 0 &&
		(c.cfg.Output.Encoding != audio.WAV || !first)
}

// convert converts audio bytes to the output's format; the result is valid until the next frame. After a vendor has
// needed the converter, all its audio goes through it, since the converter may hold half a sample.
func (c *Conversion) convert(from audio.Format, raw []byte) ([]byte, error) {
	c.out = c.out[:0]
	if c.conv != nil && c.from != from {
		c.out = c.conv.Flush(c.out)
		c.conv = nil
	}
	if c.conv == nil {
		conv, err := audio.NewConverter(from, c.cfg.Output.Samples())
		if err != nil {
			return nil, err
		}
		c.conv, c.from = conv, from
	}
	c.out = c.conv.Convert(c.out, raw)
	return c.out, nil
}
