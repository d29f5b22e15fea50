package together

import (
	"encoding/base64"
	"errors"
	"io"
	"math"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// header takes off an item's audio what is no samples, where it is a WAV file: raw PCM is asked for, but older
// documentation of the vendor has WAV, and its samples write what comes into a .wav file.
type header struct {
	passed bool // what comes is samples
	format audio.Format
	held   []byte // may be a header, or the beginning of one
	left   int64  // bytes of samples to come; what follows them is other chunks
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

// strip gives what of a delta is samples, and reports false where it has none. A usual delta goes through as it is.
func (h *header) strip(delta []byte) (f upstream.Frame, some bool, err *upstream.Error) {
	looksLikeHeader := len(delta) >= decidable && string(delta[:len(riffBase64)]) == riffBase64
	switch {
	case h.passed && h.left == 0 && looksLikeHeader:
		*h = header{} // the next of several files
	case !h.passed && h.held == nil && len(delta) >= decidable && !looksLikeHeader:
		h.pass(format, math.MaxInt64)
	}
	if !h.passed {
		return h.find(delta)
	}
	f = upstream.Frame{Format: h.format, Base64: delta}
	if n := int64(f.Len()); n <= h.left {
		h.left -= n
		return f, n > 0, nil
	}
	raw, err := decode64(nil, delta)
	if err != nil || h.left == 0 {
		return f, false, err
	}
	return upstream.Frame{Format: h.format, Raw: h.samples(raw)}, true, nil
}

// find looks for a header in the first deltas.
func (h *header) find(delta []byte) (f upstream.Frame, some bool, err *upstream.Error) {
	if h.held, err = decode64(h.held, delta); err != nil {
		return f, false, err
	}
	after, err := h.cut()
	if err != nil || !h.passed {
		return f, false, err
	}
	h.held = nil
	raw := h.samples(after)
	return upstream.Frame{Format: h.format, Raw: raw}, len(raw) > 0, nil
}

// cut gives what of the held bytes follows the header, once it is known where that ends.
func (h *header) cut() ([]byte, *upstream.Error) {
	n := min(len(h.held), len(riff))
	if string(h.held[:n]) != riff[:n] {
		h.pass(format, math.MaxInt64)
		return h.held, nil
	}
	if n < len(riff) {
		return nil, nil
	}
	f, after, size, err := audio.CutWAVHeader(h.held)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && len(h.held) <= maxHeader:
		return nil, nil
	case err != nil || f.Validate() != nil:
		return nil, upstream.GarbledError("the vendor sent a WAV header of an unknown format")
	}
	h.pass(f, size)
	return after, nil
}

// pass lets so many bytes that follow through.
func (h *header) pass(f audio.Format, size int64) { h.passed, h.format, h.left = true, f, size }

// samples are what of the bytes after the header is samples.
func (h *header) samples(raw []byte) []byte {
	raw = raw[:min(int64(len(raw)), h.left)]
	h.left -= int64(len(raw))
	return raw
}

// decode64 appends what base64 stands for.
func decode64(dst, delta []byte) ([]byte, *upstream.Error) {
	raw, err := base64.StdEncoding.AppendDecode(dst, delta)
	if err != nil {
		return dst, upstream.GarbledError("the vendor sent audio that is not base64")
	}
	return raw, nil
}
