package kugelaudio

import (
	"cmp"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// KugelAudio's numbers, from its reference.
const (
	maxContexts = 20
	inactivity  = 20 * time.Second
	maxText     = 10000
	closeWait   = 5 * time.Second // for contexts to drain before the socket closes
	// centMicros is what a second of audio costs, in millionths of a cent.
	centMicros = 90_000
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	authStatus          int           // HTTP status that refuses a bad key
	authByClose         bool          // a bad key is accepted and closed with 4001, rather than refused with 403
	wordsFirst          bool          // word times come before the audio that they describe
	idxPerChunk         bool          // idx begins anew with each chunk
	interruptedNames    bool          // interrupted bears the context_id
	usageAfterImmediate bool          // context_closed bears usage after an immediate close too
	oneFinal            bool          // a flush whose text is closed right behind it has no final of its own
	lateFrames          int           // audio frames that follow a close or cancel
	chunk               time.Duration // audio of a frame
}

func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x6b7567656c))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		authStatus:  []int{http.StatusUnauthorized, http.StatusForbidden}[r.IntN(2)],
		authByClose: flip(), wordsFirst: flip(), idxPerChunk: flip(), interruptedNames: flip(), usageAfterImmediate: flip(),
		oneFinal:   flip(),
		lateFrames: r.IntN(3), chunk: time.Duration(100+10*r.IntN(16)) * time.Millisecond,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}

// emulator is that of wss://api.kugelaudio.com.
type emulator struct {
	server *engine.Server
	quirks quirks
}

// Vendor is the emulator of KugelAudio.
var Vendor = engine.Vendor{Name: "kugelaudio", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	k := &emulator{server: s, quirks: drawQuirks(s.Options())}
	return k.handler(), k.quirks
}

func (k *emulator) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/tts/multi", k.connect((*connection).multi))
	mux.HandleFunc("GET /ws/tts/stream", k.connect((*connection).stream))
	mux.HandleFunc("GET /ws/tts", k.connect((*connection).single))
	return mux
}

// connect checks the key and serves a connection until it ends.
func (k *emulator) connect(serve func(*connection, context.Context)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		bad := k.server.Options().APIKey != "" && key(r) != k.server.Options().APIKey
		if bad && !k.quirks.authByClose {
			k.server.Note(func(st *engine.Stats) { st.Refused++ })
			w.Header().Set("x-request-id", "emulated")
			http.Error(w, "Invalid API key", k.quirks.authStatus)
			return
		}
		w.Header().Set("x-kugelaudio-ai-generated", "true")
		conn, ok := k.server.Accept(w, r)
		if !ok {
			return
		}
		if bad {
			k.server.Note(func(st *engine.Stats) { st.Refused++ })
			_ = conn.Close(4001, "Invalid API key") // the client may have gone
			return
		}
		k.serve(conn, serve)
	}
}

// key is the key that a client shows, in any of the ways that the vendor takes.
func key(r *http.Request) string {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key
	}
	query := r.URL.Query()
	return cmp.Or(query.Get("api_key"), query.Get("token"), query.Get("master_key"))
}

func (k *emulator) serve(conn *websocket.Conn, serve func(*connection, context.Context)) {
	defer k.server.Connected()()
	ctx, cancel := context.WithCancel(k.server.Context())
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseNow() }) // ends the reader
	defer stop()
	c := &connection{emulator: k, conn: conn, contexts: make(map[string]*speechContext), cancel: cancel}
	serve(c, ctx)
	cancel()
	c.wg.Wait()
	_ = conn.CloseNow() // it is over
}

// connection is one connection.
type connection struct {
	*emulator
	conn   *websocket.Conn
	cancel context.CancelFunc
	wg     sync.WaitGroup // the contexts' speakers

	// Owned by the reader.
	session settings

	mu       sync.Mutex // guards what follows
	contexts map[string]*speechContext
	samples  int64 // generated on this connection, at the native rate
	turns    int   // of /ws/tts/stream, which have no ids
}

// frame is any message from a client. Unknown fields are ignored, as the vendor does.
type frame struct {
	Text         *string         `json:"text"`
	ContextID    *string         `json:"context_id"`
	Flush        bool            `json:"flush"`
	CloseContext bool            `json:"close_context"`
	Immediate    bool            `json:"immediate"`
	Cancel       bool            `json:"cancel"`
	CloseSocket  bool            `json:"close_socket"`
	KeepAlive    bool            `json:"keep_alive"`
	Close        bool            `json:"close"` // the two on /ws/tts/stream only
	EndSession   bool            `json:"end_session"`
	Voice        *voiceSettings  `json:"voice_settings"`
	Update       json.RawMessage `json:"update_settings"`
}

// voiceSettings is what works within voice_settings.
type voiceSettings struct {
	VoiceID  *json.Number `json:"voice_id"`
	CfgScale *float64     `json:"cfg_scale"`
	MaxNew   *int         `json:"max_new_tokens"`
}

// settings are the session's fields. They stick to the connection.
type settings struct {
	VoiceID        *json.Number `json:"voice_id"` // on /ws/tts/multi it leaves contexts voiceless
	CfgScale       *float64     `json:"cfg_scale"`
	ModelID        string       `json:"model_id"`
	SampleRate     int          `json:"sample_rate"`
	OutputFormat   string       `json:"output_format"`
	WordTimestamps bool         `json:"word_timestamps"`
	Normalize      *bool        `json:"normalize"`
	Language       string       `json:"language"`
	Speed          *float64     `json:"speed"`
	Temperature    *float64     `json:"temperature"`
	ProjectID      *int         `json:"project_id"`
	DictionaryIDs  []int        `json:"dictionary_ids"`
	Inactivity     float64      `json:"inactivity_timeout"`
	MaxNewTokens   *int         `json:"max_new_tokens"`
	FlushTimeout   int          `json:"flush_timeout_ms"`
}

// clone shares nothing with the original, into whose fields a later frame would be decoded.
func (s settings) clone() settings {
	s.VoiceID, s.Normalize = copied(s.VoiceID), copied(s.Normalize)
	s.Temperature, s.ProjectID = copied(s.Temperature), copied(s.ProjectID)
	s.Speed, s.CfgScale, s.MaxNewTokens = copied(s.Speed), copied(s.CfgScale), copied(s.MaxNewTokens)
	s.DictionaryIDs = slices.Clone(s.DictionaryIDs)
	return s
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// format is the audio format of the settings, or why there is none.
func (s settings) format() (audio.Format, string) {
	formats := map[string]audio.Format{
		"pcm_8000": {Encoding: audio.PCM16, Rate: 8000}, "pcm_16000": {Encoding: audio.PCM16, Rate: 16000},
		"pcm_22050": {Encoding: audio.PCM16, Rate: 22050}, "pcm_24000": {Encoding: audio.PCM16, Rate: 24000},
		"ulaw_8000": {Encoding: audio.MuLaw, Rate: 8000}, "alaw_8000": {Encoding: audio.ALaw, Rate: 8000},
	}
	if s.OutputFormat != "" {
		f, ok := formats[s.OutputFormat]
		if !ok {
			return f, "unknown output_format"
		}
		if s.SampleRate != 0 && s.SampleRate != 24000 && s.SampleRate != f.Rate {
			return f, "output_format and sample_rate disagree"
		}
		return f, ""
	}
	switch s.SampleRate {
	case 0:
		return audio.Format{Encoding: audio.PCM16, Rate: 24000}, ""
	case 8000, 16000, 22050, 24000, 44100:
		return audio.Format{Encoding: audio.PCM16, Rate: s.SampleRate}, ""
	}
	return audio.Format{}, "unknown sample_rate"
}

// fault is what is wrong with the settings, or empty.
func (s settings) fault() string {
	if _, wrong := s.format(); wrong != "" {
		return wrong
	}
	switch {
	case s.Speed != nil && (*s.Speed < 0.8 || *s.Speed > 1.2):
		return "speed must be between 0.8 and 1.2"
	case s.Temperature != nil && (*s.Temperature < 0 || *s.Temperature > 1):
		return "temperature must be between 0 and 1"
	case len(s.Language) > 10:
		return "language must be an ISO 639-1 code"
	case len(s.DictionaryIDs) > 0 && s.ProjectID == nil:
		return "dictionary_ids needs project_id"
	case len(s.DictionaryIDs) > 50:
		return "dictionary_ids has more than 50 entries"
	case s.MaxNewTokens != nil && (*s.MaxNewTokens < 1 || *s.MaxNewTokens > 8192):
		return "max_new_tokens must be between 1 and 8192"
	}
	return ""
}

// speed is the factor that holds.
func (s settings) speed() float64 {
	if s.Speed == nil {
		return 1
	}
	return *s.Speed
}

// normalizes reports whether numbers are spoken as words.
func (s settings) normalizes() bool { return s.Normalize == nil || *s.Normalize }

// lastVoice is the highest voice id that the emulator knows; they begin at 1.
const lastVoice = 1_000_000

// knownVoice reports whether there is such a voice.
func knownVoice(id json.Number) bool {
	n, err := id.Int64()
	return err == nil && n >= 1 && n <= lastVoice
}

// send writes a frame.
func (c *connection) send(o engine.Object) { engine.Send(c.conn, o) }

// errorTable are the vendor's error codes with their numbers and texts.
func errorTable() map[string]struct {
	number int
	text   string
} {
	type e = struct {
		number int
		text   string
	}
	return map[string]e{
		"VALIDATION_ERROR":     {400, "Invalid request"},
		"MISSING_VOICE_ID":     {400, "voice_id is required"},
		"UNAUTHORIZED":         {401, "Invalid API key"},
		"INSUFFICIENT_CREDITS": {402, "Insufficient credits"},
		"NOT_FOUND":            {404, "Voice not found"},
		"RATE_LIMITED":         {429, "Rate limit exceeded"},
		"TOO_MANY_CONTEXTS":    {429, "Too many contexts"},
		"INTERNAL_ERROR":       {500, "Audio generation failed"},
		"MODEL_UNAVAILABLE":    {503, "Model unavailable"},
		"EMPTY_AUDIO":          {500, "No audio was generated"},
	}
}

// tooLong is the one validation error with a number of its own.
const tooLong = "text is too long"

// sendError sends an error frame, of a context or (with an empty id) of the session.
func (c *connection) sendError(code, text, id string) {
	known := errorTable()[code]
	if text == "" {
		text = known.text
	}
	o := engine.Object{"error": text, "error_code": code, "code": known.number}
	if text == tooLong {
		o["code"] = http.StatusRequestEntityTooLarge
	}
	if id != "" {
		o["context_id"] = id
	}
	c.send(o)
}

// read is the next message's bytes; false: the connection is over.
func (c *connection) read() ([]byte, bool) {
	_, data, err := c.conn.Read(context.Background())
	return data, err == nil
}
