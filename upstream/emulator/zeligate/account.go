package zeligate

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"voicerelay/upstream/emulator/engine"
)

// emulator is that of a customer's ZeliSpeech box.
type emulator struct {
	server  *engine.Server
	quirks  quirks
	engines chan struct{} // holds a token for each engine at work
	sockets atomic.Int64  // numbers them, for the wire has no ids
}

// address is what a connection's address and headers say.
type address struct {
	voice  string
	format engine.OutputFormat
	proven bool     // by a key
	wrong  *failure // that is told at BOS; nil: nothing
}

func (z *emulator) read(r *http.Request) (a address, wrong *failure) {
	query := r.URL.Query()
	key := query.Get("authorization")
	if key == "" && z.quirks.headerKey {
		key = r.Header.Get("Authorization")
	}
	if key != "" { // else it has to come in BOS
		if wrong = z.checkKey(key); wrong != nil {
			return a, wrong
		}
		a.proven = true
	}
	var ok bool
	if a.format, ok = engine.OutputFormatOf(query.Get("output_format")); !ok {
		return a, badFormat()
	}
	if a.voice, ok = voiceOf(r.PathValue("voice_id")); !ok && z.quirks.strictVoices {
		return a, noVoice()
	}
	return a, nil
}

// checkKey is what is wrong with a key, which has its scheme before it; nil: nothing.
// With neither ZELI_API_KEY nor ZELI_API_KEYS set, the box is open (Zeligate's docs, Authentication).
func (z *emulator) checkKey(authorization string) *failure {
	want := z.server.Options().APIKey
	if want == "" {
		return nil // the box is open
	}
	key, ok := strings.CutPrefix(authorization, "Bearer ")
	switch {
	case authorization == "":
		return noKey()
	case !ok || key != want:
		return badKey()
	}
	return nil
}

// legacyVoice looks like an id of the vendor whose protocol is mirrored. Well-known ones have a voice here.
var legacyVoice = regexp.MustCompile(`^[0-9A-Za-z]{20}$`)

// voiceOf is the voice that speaks for an id, and whether the id is known.
// An unknown voice becomes the default one, unless the operator sets ZELI_EL_STRICT_VOICES (Zeligate's docs, Voices); HTTP
// answers name the voice in x-zeli-voice.
func voiceOf(id string) (voice string, known bool) {
	const usual = "zeli-voice-1"
	number, own := strings.CutPrefix(id, "zeli-voice-")
	switch {
	case own && slices.Contains([]string{"1", "2", "3", "4", "5", "6"}, number), strings.HasPrefix(id, "custom-"):
		return id, true
	default:
		return usual, legacyVoice.MatchString(id)
	}
}
