package elevenlabs

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio/codec"
	"voicerelay/downstream"
)

// address is what a WebSocket's address says. Names that are not known are passed over: each version of a client has more.
type address struct {
	voice, model string
	language     string
	output       output
	// phrases: each text is a whole phrase, to be spoken at once.
	phrases bool
	// steady: times of characters count from the context's first sample in both alignments, see alignment.go.
	steady bool
	// livekit: the client is LiveKit's plugin, which leaves out the last flush where it is interrupted, see context.cancels.
	livekit bool
	// idle is how long an open context may be without text.
	idle      time.Duration
	normalize bool
}

// Bounds of inactivity_timeout, by the vendor's API reference.
const (
	defaultIdle = 20 * time.Second
	longestIdle = 180 * time.Second
)

// readAddress reads a WebSocket's address.
func readAddress(r *http.Request, settings downstream.Settings, codecs *codec.Set) (address, *protocol.Error) {
	query, failed := url.ParseQuery(r.URL.RawQuery)
	if failed != nil {
		return address{}, downstream.Invalid("", "malformed query")
	}
	a := address{
		voice: r.PathValue("voice"), model: query.Get("model_id"), language: query.Get("language_code"),
		idle: defaultIdle, normalize: query.Get("apply_text_normalization") != "off",
	}
	if len(a.voice) > longestName || len(a.model) > longestName || len(a.language) > longestName {
		return address{}, nameTooLong()
	}
	var refused *protocol.Error
	if a.output, refused = outputOf(query.Get("output_format"), withinText, settings, codecs); refused != nil {
		return address{}, refused
	}
	if a.phrases, refused = flag(query, "auto_mode"); refused != nil {
		return address{}, refused
	}
	if a.steady, refused = flag(query, "sync_alignment"); refused != nil {
		return address{}, refused
	}
	if a.idle, refused = inactivity(query); refused != nil {
		return address{}, refused
	}
	// Pipecat, whose clock restarts with every alignment, asks for neither.
	a.steady = a.steady && query.Has("inactivity_timeout")
	a.livekit = a.steady && a.phrases
	return a, nil
}

// inactivity is the query's inactivity_timeout, in seconds.
func inactivity(query url.Values) (time.Duration, *protocol.Error) {
	const field = "inactivity_timeout"
	text := query.Get(field)
	if text == "" {
		return defaultIdle, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 {
		return 0, downstream.Invalid(field, field+" must be a whole number of seconds, from 1 on")
	}
	return min(time.Duration(min(seconds, int(longestIdle/time.Second)))*time.Second, longestIdle), nil
}

// flag is a truth value of the query; false where it is left out.
func flag(query url.Values, field string) (bool, *protocol.Error) {
	switch strings.ToLower(query.Get(field)) {
	case "true", "1":
		return true, nil
	case "", "false", "0":
		return false, nil
	}
	return false, downstream.Invalid(field, field+" must be true or false")
}
