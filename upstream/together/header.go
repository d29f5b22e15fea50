package together

import (
	"encoding/base64"
	"errors"
	"io"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// header takes the WAV header off an item's audio, where it has one: raw PCM is asked for, but older documentation
// has WAV.
type header struct {
	passed bool // what comes is samples
	format audio.Format
	held   []byte // may be a header, or the beginning of one
}

const (
	// maxHeader is the longest header in bytes: those with descriptions of their recordings have a few hundred.
	maxHeader = 4 << 10
	// decidable is the least base64 that has the four bytes which tell a header.
	decidable = 8

	riff = "RIFF"
	// riffBase64 is RIFF but for the last two bits, which share a character with what follows.
	riffBase64 = "UklGR"
)

// strip gives what of a delta is samples, and reports false where there are none yet. A usual delta goes through as
// it is.
func (h *header) strip(delta []byte) (f upstream.Frame, some bool, err *upstream.Error) {
	if !h.passed && h.held == nil && len(delta) >= decidable && string(delta[:len(riffBase64)]) != riffBase64 {
		h.passed, h.format = true, format
	}
	if h.passed {
		return upstream.Frame{Format: h.format, Base64: delta}, len(delta) > 0, nil
	}
	held, bad := base64.StdEncoding.AppendDecode(h.held, delta)
	if bad != nil {
		return f, false, upstream.GarbledError("the vendor sent audio that is not base64")
	}
	h.held = held
	samples, err := h.cut()
	if err != nil || len(samples) == 0 {
		return f, false, err
	}
	return upstream.Frame{Format: h.format, Raw: samples}, true, nil
}

// cut gives the samples of what is held, once it is known where they begin.
func (h *header) cut() ([]byte, *upstream.Error) {
	n := min(len(h.held), len(riff))
	if string(h.held[:n]) != riff[:n] {
		return h.pass(format, h.held), nil
	}
	if n < len(riff) {
		return nil, nil
	}
	f, samples, err := audio.CutWAVHeader(h.held)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && len(h.held) <= maxHeader:
		return nil, nil
	case err != nil || f.Validate() != nil:
		return nil, upstream.GarbledError("the vendor sent a WAV header of an unknown format")
	}
	return h.pass(f, samples), nil
}

// pass lets all that follows through.
func (h *header) pass(f audio.Format, samples []byte) []byte {
	h.passed, h.format, h.held = true, f, nil
	return samples
}
