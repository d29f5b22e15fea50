package elevenlabs

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
)

// usualFormat is what the vendor gives where none is asked for.
const usualFormat = "mp3_44100_128"

// place is where audio goes, which decides what formats there are.
type place int

const (
	socketFormats place = iota // a WebSocket: no container
	bodyFormats                // an answer over HTTP: wav_* too
)

// layouts are the vendor's names of encodings that the relay can give.
var layouts = map[string]audio.Encoding{"pcm": audio.PCM16, "ulaw": audio.MuLaw, "alaw": audio.ALaw, "wav": audio.WAV}

// formatOf is an output format by its name; empty: the vendor's usual one, or the operator's choice for it.
func formatOf(name string, at place, settings downstream.Settings) (audio.Format, *protocol.Error) {
	if name == "" && settings.MP3Fallback != "" {
		return audio.Format{Encoding: settings.MP3Fallback, Rate: fallbackRate(settings.MP3Fallback)}, nil
	}
	asked := cmp.Or(name, usualFormat)
	layout, rest, _ := strings.Cut(asked, "_")
	encoding, known := layouts[layout]
	rate, err := strconv.Atoi(rest)
	format := audio.Format{Encoding: encoding, Rate: rate}
	if !known || err != nil || format.Validate() != nil || encoding == audio.WAV && at == socketFormats {
		return audio.Format{}, unsupported(asked, name == "")
	}
	return format, nil
}

// fallbackRate is the rate of a fallback: the vendor's own, unless the encoding has but one.
func fallbackRate(e audio.Encoding) int {
	if e == audio.MuLaw || e == audio.ALaw {
		return 8000
	}
	return 44100
}

// unsupported refuses a format, and says what to write in a client's configuration instead.
func unsupported(asked string, usual bool) *protocol.Error {
	if len(asked) > longestName {
		asked = asked[:longestName]
	}
	what := fmt.Sprintf("output_format %q is not available here", asked)
	if usual {
		what = fmt.Sprintf("output_format is left out, which means %s, and that is not available here", asked)
	}
	return &protocol.Error{
		Code: protocol.CodeUnsupportedFormat, Param: "output_format",
		Message: what + `: ask for output_format=pcm_24000 (LiveKit: encoding="pcm_24000"), or pcm_8000, pcm_16000, pcm_22050, pcm_32000, ` +
			"pcm_44100, pcm_48000, ulaw_8000, alaw_8000",
	}
}

// mediaType is what a body in a format is. LiveKit's plugin takes only what begins with audio/.
func mediaType(f audio.Format) string {
	switch f.Encoding {
	case audio.WAV:
		return "audio/wav"
	case audio.MuLaw:
		return "audio/basic"
	case audio.ALaw:
		return "audio/x-alaw-basic"
	default:
		return "audio/pcm"
	}
}
