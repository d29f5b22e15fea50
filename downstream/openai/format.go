package openai

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
)

// usualRate is the rate of all audio of the vendor. No client of it has a field for another, and most take it for granted.
const usualRate = 24000

// responseFormat is what a client may ask for.
type responseFormat struct {
	encoding  audio.Encoding
	mediaType string
	// anyRate: the client may name a rate.
	anyRate bool
}

// usualFormat is what a client gets that names none.
const usualFormat = "mp3"

// responseFormats are the vendor's, but for aac, for which there is no free encoder.
var responseFormats = map[string]responseFormat{
	"pcm":  {encoding: audio.PCM16, mediaType: "audio/pcm", anyRate: true},
	"wav":  {encoding: audio.WAV, mediaType: "audio/wav", anyRate: true},
	"mp3":  {encoding: audio.MP3, mediaType: "audio/mpeg"},
	"opus": {encoding: audio.Opus, mediaType: "audio/ogg"},
	"flac": {encoding: audio.FLAC, mediaType: "audio/flac"},
}

// output is what a body is made of.
type output struct {
	audio.Format
	mediaType string
	// events: it is framed as server-sent events.
	events bool
}

// outputOf is what a client gets. Where nothing here makes MP3, a client that reads the answer's Content-Type gets a WAV file for it,
// and all do where the operator says so: bare, since clients take what is inside events for what they have asked for. can reports
// whether there is an encoder.
func (s *speechRequest) outputOf(r *http.Request, instead audio.Encoding, can func(audio.Format) bool) (output, *protocol.Error) {
	asked := cmp.Or(s.ResponseFormat, usualFormat)
	format, known := responseFormats[asked]
	if !known {
		return output{}, downstream.Unsupported("response_format", "response_format must be mp3, opus, flac, wav or pcm")
	}
	rate, refused := s.rate(format)
	if refused != nil {
		return output{}, refused
	}
	out := output{Format: audio.Format{Encoding: format.encoding, Rate: rate}, mediaType: format.mediaType, events: s.StreamFormat == framedSSE}
	if format.encoding == audio.PCM16 && rate != usualRate { // which has no header that says it
		out.mediaType += ";rate=" + strconv.Itoa(rate)
	}
	if can(out.Format) {
		return out, nil
	}
	if instead == "" && s.readsContentType(r) {
		instead = audio.WAV
	}
	if asked == usualFormat && instead != "" {
		return insteadOf(instead), nil
	}
	return output{}, downstream.Unsupported("response_format", fmt.Sprintf(
		`this relay has no encoder for response_format %q, which is what a request gets that names none: ask for "pcm" or "wav"`, asked))
}

// insteadOf is what a client gets in place of MP3.
func insteadOf(encoding audio.Encoding) output {
	out := output{Format: audio.Format{Encoding: encoding, Rate: usualRate}, mediaType: "application/octet-stream"}
	for _, f := range responseFormats {
		if f.encoding == encoding {
			out.mediaType = f.mediaType
		}
	}
	return out
}

// rate is the sample rate that is asked for. Rates mean nothing to the other formats.
func (s *speechRequest) rate(format responseFormat) (int, *protocol.Error) {
	if !format.anyRate || !s.SampleRate.Set || s.SampleRate.Value == 0 {
		return usualRate, nil
	}
	for _, rate := range audio.Rates {
		if float64(rate) == s.SampleRate.Value {
			return rate, nil
		}
	}
	return 0, downstream.Unsupported("sample_rate", fmt.Sprintf("sample_rate must be one of %v", audio.Rates))
}

// readsContentType reports whether a request is of a client that decodes by the answer's Content-Type: LiveKit Agents from
// 1.8.0 on. It is known by what no other client sends together.
func (s *speechRequest) readsContentType(r *http.Request) bool {
	return strings.HasPrefix(r.UserAgent(), "AsyncOpenAI/") && s.StreamFormat != "" && s.Speed.Set
}
