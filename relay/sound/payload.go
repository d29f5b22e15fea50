package sound

import (
	"time"

	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
)

// Payload is audio in the client's format, either as bytes or as the vendor's own base64.
type Payload struct {
	Raw, Base64 []byte
	Samples     int64
	At          time.Time // when it came

	end Sample // the last one, if the audio is base64
}

// Cut is the beginning of a payload that has more samples than that, and the rest; else all of it, and a rest without samples.
// What is base64 stays whole.
func (p Payload) Cut(most int64, bytesPerSample int) (head, rest Payload) {
	if p.Raw == nil || p.Samples <= most {
		return p, Payload{}
	}
	at := int(most) * bytesPerSample
	return Payload{Raw: p.Raw[:at], Samples: most, At: p.At}, Payload{Raw: p.Raw[at:], Samples: p.Samples - most, At: p.At}
}

// Last is the last sample. That of base64 was seen when the frame came, so it is not decoded again.
func (p Payload) Last(f audio.Format) Sample {
	if p.Raw != nil {
		return lastSample(f, p.Raw)
	}
	return p.end
}

// bytes are the payload's audio bytes.
func (p Payload) bytes() ([]byte, error) {
	if p.Base64 == nil {
		return p.Raw, nil
	}
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(p.Base64)))
	n, err := base64.StdEncoding.Decode(raw, p.Base64)
	return raw[:n], err
}
