package protocol

import (
	"fmt"
	"slices"
	"strconv"
)

// Output is an audio format: mono samples in an encoding at a rate.
type Output struct {
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sample_rate"` // hertz
}

// The encodings that can be asked for.
const (
	EncodingPCM16  = "pcm_s16le"
	EncodingPCMF32 = "pcm_f32le"
	EncodingWAV    = "wav"
	EncodingMuLaw  = "mulaw"
	EncodingALaw   = "alaw"
	EncodingMP3    = "mp3"
	EncodingOpus   = "opus" // in Ogg
	EncodingFLAC   = "flac"
)

// DefaultOutput is the format of a generation that names none.
func DefaultOutput() Output { return Output{Encoding: EncodingPCM16, SampleRate: 24000} }

// The sample rates of the encodings; MP3 and FLAC have the linear ones. None is ever written to.
var (
	linearRates = []int{8000, 16000, 22050, 24000, 32000, 44100, 48000}
	g711Rates   = []int{8000}
	opusRates   = []int{8000, 16000, 24000, 48000}
)

// rates is the sample rates at which the encoding can be had; none where there is no such encoding.
func rates(encoding string) []int {
	switch encoding {
	case EncodingPCM16, EncodingPCMF32, EncodingWAV, EncodingMP3, EncodingFLAC:
		return linearRates
	case EncodingOpus:
		return opusRates
	case EncodingMuLaw, EncodingALaw:
		return g711Rates
	}
	return nil
}

// outputOr parses outputs, and fills in what is left out: an encoding, and 24000 Hz or what G.711 has.
func outputOr(encoding string) parser[Output] {
	return func(param string, raw []byte) (Output, *Error) { return parseOutput(param, raw, encoding) }
}

func parseOutput(param string, raw []byte, otherwise string) (Output, *Error) {
	if !isObject(raw) {
		return Output{}, mustBe(param, "an object with encoding and sample_rate")
	}
	r := reader{path: param, fields: members(raw)}
	encoding := optional(&r, "encoding", parseText)
	rate := optional(&r, "sample_rate", parseRate)
	if err := r.close(); err != nil {
		return Output{}, err
	}
	out := DefaultOutput()
	out.Encoding = otherwise
	if encoding.Set {
		out.Encoding = encoding.Value
	}
	known := rates(out.Encoding)
	if known == nil {
		return Output{}, unsupported(join(param, "encoding"), "encoding must be one of pcm_s16le, pcm_f32le, wav, mulaw, alaw, flac, mp3, opus")
	}
	switch {
	case rate.Set:
		out.SampleRate = rate.Value
	case !slices.Contains(known, out.SampleRate):
		out.SampleRate = known[0]
	}
	if !slices.Contains(known, out.SampleRate) {
		return Output{}, unsupported(join(param, "sample_rate"), fmt.Sprintf("sample_rate of %s must be one of %v", out.Encoding, known))
	}
	return out, nil
}

// parseRate takes any integer; which of them an encoding has is for the caller to say. One too large to hold is 0,
// which no encoding has either.
func parseRate(param string, raw []byte) (int, *Error) {
	if !isInteger(raw) {
		return 0, mustBe(param, "an integer")
	}
	rate, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil {
		return 0, nil // out of range is out of the table
	}
	return int(rate), nil
}

// isInteger reports whether raw is a number without fraction and exponent.
func isInteger(raw []byte) bool {
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return false
	}
	return !slices.ContainsFunc(raw, func(b byte) bool { return b == '.' || b == 'e' || b == 'E' })
}

func unsupported(param, message string) *Error {
	return &Error{Code: CodeUnsupportedFormat, Param: param, Message: message}
}
