package relay

import "voicerelay/audio"

// conversion takes a vendor's frames to the output's format.
type conversion struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	conv  *audio.Converter // nil: none needed so far
	from  audio.Format
	out   []byte
	clean bool // the frame's base64 has no line breaks
	seam  crossfade
}
