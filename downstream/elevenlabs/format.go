package elevenlabs

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/audio/codec"
	"voicerelay/downstream"
	"voicerelay/downstream/compress"
)

// usualFormat is what the vendor gives where none is asked for.
const usualFormat = "mp3_44100_128"

// place is where audio goes, which decides what formats there are.
type place int

const (
	withinText place = iota // base64 in messages: no file, since its parts would be none
	ownBody                 // an answer over HTTP: wav_* too
)

// layouts are the vendor's names of encodings.
var layouts = map[string]audio.Encoding{
	"pcm": audio.PCM16, "ulaw": audio.MuLaw, "alaw": audio.ALaw, "wav": audio.WAV, "mp3": audio.MP3, "opus": audio.Opus,
}

// output is what a client gets.
type output struct {
	audio.Format
	kbps int // of what is compressed; 0 otherwise
}

// outputOf is an output format by its name; empty: the vendor's usual one, or the operator's choice where nothing here makes it.
func outputOf(name string, at place, settings downstream.Settings, codecs *codec.Set) (output, *protocol.Error) {
	o, ok := parseFormat(cmp.Or(name, usualFormat))
	if ok && (o.Encoding != audio.WAV || at == ownBody) && compress.Check(codecs, o.Format, o.kbps) == nil {
		return o, nil
	}
	if name != "" || settings.MP3Fallback == "" {
		return output{}, unsupported(cmp.Or(name, usualFormat), name == "")
	}
	return fallback(settings.MP3Fallback, at), nil
}

// parseFormat reads a name such as pcm_24000 or mp3_22050_32.
func parseFormat(name string) (o output, ok bool) {
	parts := strings.Split(name, "_")
	encoding, known := layouts[parts[0]]
	o.Encoding = encoding
	numbers := 1
	if o.Compressed() {
		numbers = 2
	}
	if !known || len(parts) != 1+numbers {
		return output{}, false
	}
	var failed error
	if o.Rate, failed = strconv.Atoi(parts[1]); failed != nil || o.Validate() != nil {
		return output{}, false
	}
	if o.Compressed() {
		if o.kbps, failed = strconv.Atoi(parts[2]); failed != nil || o.kbps <= 0 {
			return output{}, false
		}
	}
	return o, true
}

// fallback is a format of the operator's choice, at the vendor's usual rate unless the encoding has but one.
func fallback(e audio.Encoding, at place) output {
	if e == audio.WAV && at == withinText {
		e = audio.PCM16
	}
	if e == audio.MuLaw || e == audio.ALaw {
		return output{Format: audio.Format{Encoding: e, Rate: 8000}}
	}
	return output{Format: audio.Format{Encoding: e, Rate: 44100}}
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
	case audio.MP3:
		return "audio/mpeg"
	case audio.Opus:
		return "audio/ogg"
	default:
		return "audio/pcm"
	}
}
