package elevenlabs

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// ElevenLabs' numbers. The last four are the emulator's own. The 20 s and the 180 s are those of the vendor's AsyncAPI schema,
// the five contexts those of its error message.
const (
	maxContexts    = 5 // of a socket; one that is closing counts
	inactivity     = 20 * time.Second
	maxInactivity  = 180       // seconds
	maxText        = 10_000    // characters of a context
	maxID          = 256       // bytes of a context_id
	charMicros     = 100       // a character's price in millionths of a dollar, of which only the unit is documented
	defaultContext = "default" // the context of messages that name none
)

// emulator is that of wss://api.elevenlabs.io, its sockets of several contexts. A plan's concurrency is not emulated:
// what happens beyond it is known of the upgrade alone, and Refuse does that. The vendor has one word for the end of a
// context and for its cancel, so each close_context is among Stats.Cancels.
type emulator struct {
	server *engine.Server
	quirks quirks
}

// address is what a connection's address and headers say.
type address struct {
	format     engine.OutputFormat
	proven     bool // by a key
	auto       bool // auto_mode
	aligned    bool // sync_alignment
	normalizes bool
	inactivity time.Duration
	wrong      *failure // nil: nothing

	dialogue  bool // a Text to Dialogue socket
	single    bool // of one context, which is not named
	maxVoices int  // that a context may register, of a dialogue
}

// voicePattern is the form of the vendor's voice ids.
// ElevenLabs' ids in its docs are 20 letters and digits. An unknown one is told by 1008, as it is by HTTP with 404.
var voicePattern = regexp.MustCompile(`^[0-9A-Za-z]{20}$`)

// unknownVoice has the form, and there is none such.
const unknownVoice = "00000000000000000000"

// read reads the address and headers, and notes what is wrong with them. xi-api-key is what clients send; the query's
// authorization is for those that can't set headers. The models of the third and fourth generation are served on the Text to
// Dialogue sockets instead, so this one refuses them. Query names that are not known never fail.
func (e *emulator) read(r *http.Request) (a address) {
	query := r.URL.Query()
	a = e.common(r)
	a.auto = query.Get("auto_mode") == "true"
	seconds, err := strconv.Atoi(cmp.Or(query.Get("inactivity_timeout"), "20"))
	a.inactivity = cmp.Or(e.server.Options().Inactivity, time.Duration(seconds)*time.Second)
	voice := r.PathValue("voice_id")
	switch {
	case a.wrong != nil:
	case isDialogue(query.Get("model_id")):
		a.wrong = named(badModel)
	case err != nil || seconds < 1 || seconds > maxInactivity:
		a.wrong = invalid("inactivity_timeout must be between 1 and 180.")
	case !voicePattern.MatchString(voice) || voice == unknownVoice:
		a.wrong = &failure{id: "voice_not_found", http: http.StatusNotFound, text: "A voice with the voice_id " + voice + " was not found."}
	}
	return a
}

// common reads what all sockets take.
func (e *emulator) common(r *http.Request) (a address) {
	query := r.URL.Query()
	key := cmp.Or(r.Header.Get("xi-api-key"), strings.TrimPrefix(query.Get("authorization"), "Bearer "))
	a.proven = e.server.Options().APIKey == "" || key == e.server.Options().APIKey
	a.aligned = query.Get("sync_alignment") == "true"
	a.normalizes = query.Get("apply_text_normalization") != "off"
	a.inactivity = cmp.Or(e.server.Options().Inactivity, inactivity)
	var known bool
	a.format, known = e.quirks.format(query)
	switch {
	case !a.proven && key != "":
		a.wrong = named(badKey)
	case !known:
		a.wrong = named(badFormat)
	}
	return a
}

// isDialogue reports whether a model is one of the third or the fourth generation.
func isDialogue(model string) bool {
	return strings.HasPrefix(model, "eleven_v3") || strings.HasPrefix(model, "eleven_v4")
}

// format is what output_format asks for, and whether there is such a one. The codecs are those of the vendor that
// mirrors this protocol, which has more of them.
// mp3_44100_128 is the schema's default, which the SDKs leave unsaid. pcm_32000 and pcm_48000 are Pipecat's, which maps its
// own rate to a name.
func (q quirks) format(query url.Values) (engine.OutputFormat, bool) {
	name := cmp.Or(query.Get("output_format"), "mp3_44100_128")
	switch {
	case strings.HasPrefix(name, "wav_"), name == "mp3_24000_48":
		return engine.OutputFormat{}, false
	case name == "pcm_32000", name == "pcm_48000": // not in the vendor's list, but a client sends them
		if !q.morePCM {
			return engine.OutputFormat{}, false
		}
	}
	return engine.OutputFormatOf(name)
}
