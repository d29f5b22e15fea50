package plain

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
)

// rawOf gives samples without a header.
func rawOf(mediaType string) func(*http.Request, *request) (output, *protocol.Error) {
	return func(_ *http.Request, asked *request) (output, *protocol.Error) {
		return output{audio.Format{Encoding: audio.PCM16, Rate: asked.rate}, mediaType}, nil
	}
}

// tencentOutput gives raw samples or a WAV file, as the body says, in one channel.
func tencentOutput(_ *http.Request, asked *request) (output, *protocol.Error) {
	if asked.channels != "" && asked.channels != "1" {
		return output{}, downstream.Unsupported("Channel", "Channel must be 1")
	}
	switch asked.encoding {
	case "", "pcm":
		return output{audio.Format{Encoding: audio.PCM16, Rate: asked.rate}, "audio/pcm"}, nil
	case "wav":
		return output{audio.Format{Encoding: audio.WAV, Rate: asked.rate}, "audio/wav"}, nil
	}
	return output{}, downstream.Unsupported("Format", "Format must be pcm or wav")
}

// mp3 is what jambonz' module for FreeSWITCH reads, and nothing else.
var mp3 = audio.Format{Encoding: audio.MP3, Rate: 24000}

// jambonzOutput gives MP3 to who asks for it and nothing else, where the relay makes it. Otherwise jambonz goes by the Content-Type:
// what it calls l16 is little-endian.
func jambonzOutput(r *http.Request, asked *request) (output, *protocol.Error) {
	if asked.makesMP3 && accepts(r, "audio/mpeg") {
		return output{mp3, "audio/mpeg"}, nil
	}
	if !slices.Contains(jambonzRates, asked.rate) {
		return output{}, downstream.Unsupported("sample_rate", fmt.Sprintf("sample_rate must be one of %v", jambonzRates))
	}
	return output{audio.Format{Encoding: audio.PCM16, Rate: asked.rate}, "audio/l16;rate=" + strconv.Itoa(asked.rate)}, nil
}

// jambonzRates are those that jambonz knows by their Content-Type.
var jambonzRates = []int{8000, 16000, 24000, 32000, 48000}

// accepts reports whether a client names a type among those that it accepts.
func accepts(r *http.Request, mediaType string) bool {
	for value := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if kind, _, err := mime.ParseMediaType(value); err == nil && kind == mediaType {
			return true
		}
	}
	return false
}

// rateOf is a sample rate that a client names under some name.
func rateOf(named, text string) (int, *protocol.Error) {
	rate, err := strconv.ParseFloat(text, 64)
	if i := slices.IndexFunc(audio.Rates, func(known int) bool { return float64(known) == rate }); err == nil && i >= 0 {
		return audio.Rates[i], nil
	}
	return 0, downstream.Unsupported(named, fmt.Sprintf("%s must be one of %v", named, audio.Rates))
}
