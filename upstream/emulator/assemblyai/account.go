package assemblyai

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// AssemblyAI's limits. The first five are documented; the others are assumed, the last bounding what the emulator keeps of a client
// that floods.
const (
	maxText     = 2000            // code points of a Generate
	maxUnspoken = 8000            // characters of a session
	sessionTTL  = time.Hour       // after which input stops
	draining    = time.Minute     // in which the rest may be spoken
	idleTimeout = 2 * time.Minute // without a frame in either direction
	maxRun      = 60              // characters in a row that are too many to speak in one piece; from about 60 on (LiveKit's plugin)
	maxSessions = 60              // new ones in a minute; there is a limit, whose figure is not documented
	wordsWait   = time.Second / 4 // after which WordBoundaries come though no other request has begun
	maxJobs     = 1024            // that have not been done
)

// charMicros is what a character is charged at, in millionths of a dollar: no price was found, so this is a number for tests to
// compare.
const charMicros = 30

// emulator is that of wss://tts.us.assemblyai.com/v1/ws. No message tells a charge, so that the fault NullCost changes nothing.
type emulator struct {
	server *engine.Server
	quirks quirks

	mu       sync.Mutex // guards what follows
	sessions int        // that have begun; their ids count up
	requests engine.Window
}

// settings are a session's, which its address fixes.
type settings struct {
	model, voice, language string
	encoding               string
	format                 audio.Format
	words                  bool
	idle                   time.Duration
}

// uuid is the form of a voice's id.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// slug is the form of voices' names. The emulator does not have the library's list, nor voices of the account's own.
var slug = regexp.MustCompile(`^[a-z][0-9a-z-]*$`)

// unknownVoice has the form of a name, and there is none such.
const unknownVoice = "aai-nobody"

// judge reads a connection's address and credential, or says what is wrong with them.
// Both are judged after the upgrade, by the first message (docs). The key stands in the header as it is: "Bearer KEY" is refused
// (SDK). New sessions are counted though they be refused (docs).
func (e *emulator) judge(r *http.Request) (settings, *failure) {
	if wait := e.enter(time.Now()); wait > 0 {
		return settings{}, &failure{code: tooMany, kind: "rate_limited", text: "Too many new sessions.", retryAfter: wait}
	}
	query := r.URL.Query()
	shown := r.Header.Get("Authorization")
	if shown == "" {
		shown = query.Get("token")
	}
	if want := e.server.Options().APIKey; want != "" && shown != want {
		return settings{}, &failure{code: badCredential, kind: "unauthorized", text: "Not authorized."}
	}
	return e.settings(query)
}

// enter counts a new session, and says how long the client has to wait for one; 0: not at all.
func (e *emulator) enter(now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.quirks.limited && !e.requests.Take(now) {
		return e.requests.Next(now)
	}
	return 0
}

// number is the next session's.
func (e *emulator) number() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sessions++
	return e.sessions
}

// settings reads the parameters. Names, values and defaults are the docs'. The SDK's are that word boundaries are on by default, that
// case makes no difference to a language, and the short names of G.711.
func (e *emulator) settings(query url.Values) (s settings, wrong *failure) {
	s = settings{
		model: "assemblyai-tts-1", voice: "aai-jane", language: "english", encoding: "pcm_s16le", idle: idleTimeout,
		format: audio.Format{Encoding: audio.PCM16, Rate: 24000}, words: query.Get("word_boundaries") != "false",
	}
	for name, to := range map[string]*string{"model_id": &s.model, "voice_id": &s.voice, "language": &s.language, "encoding": &s.encoding} {
		if query.Has(name) {
			*to = query.Get(name)
		}
	}
	if wrong := s.numbers(query); wrong != nil {
		return s, wrong
	}
	s.language = strings.ToLower(s.language)
	var known bool
	s.format.Encoding, known = map[string]audio.Encoding{
		"pcm_s16le": audio.PCM16, "pcm_mulaw": audio.MuLaw, "mulaw": audio.MuLaw, "pcm_alaw": audio.ALaw, "alaw": audio.ALaw,
	}[s.encoding]
	switch {
	case !known:
		return s, invalid("encoding", "The encoding is not supported.")
	case s.model != "assemblyai-tts-1":
		return s, invalid("model_id", "The model does not exist.")
	case !uuid.MatchString(s.voice) && !slug.MatchString(s.voice) || s.voice == unknownVoice:
		return s, &failure{code: badInput, kind: "voice_not_found", param: "voice_id", text: "The voice does not exist."}
	case !slices.Contains([]string{"english", "spanish", "german", "french", "italian", "portuguese"}, s.language):
		return s, invalid("language", "The language is not supported.")
	case !slices.Contains([]string{"", "true", "false"}, query.Get("word_boundaries")):
		return s, invalid("word_boundaries", "word_boundaries must be true or false.")
	}
	if e.quirks.wordsEnglish && s.language != "english" {
		s.words = false
	}
	return s, nil
}

// numbers reads those of the parameters that are numbers.
func (s *settings) numbers(query url.Values) *failure {
	if text := query.Get("sample_rate"); text != "" {
		rate, err := strconv.Atoi(text)
		if err != nil || !slices.Contains([]int{8000, 16000, 22050, 24000, 44100, 48000}, rate) {
			return invalid("sample_rate", "The sample rate is not supported.")
		}
		s.format.Rate = rate
	}
	if text := query.Get("inactivity_timeout"); text != "" {
		const least, most = 5, 120 // seconds (SDK)
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < least || seconds > most {
			return invalid("inactivity_timeout", "inactivity_timeout must be from 5 to 120.")
		}
		s.idle = time.Duration(seconds) * time.Second
	}
	return nil
}

// object is the settings as Begin has them. That model has that name is of the SDK.
func (s settings) object() engine.Object {
	return engine.Object{
		"model": s.model, "voice_id": s.voice, "language": s.language, "encoding": s.encoding, "sample_rate": s.format.Rate,
		"word_boundaries": s.words, "inactivity_timeout": int(s.idle.Seconds()), "session_ttl_sec": int(sessionTTL.Seconds()),
		"limits": engine.Object{"max_generate_text_length": maxText, "max_unspoken_text_length": maxUnspoken},
	}
}
