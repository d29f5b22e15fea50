package elevenlabs

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// ElevenLabs' numbers. The last four are the emulator's own. The 20 s and the 180 s are those of the vendor's AsyncAPI schema,
// the five contexts those of its error message, and the 123 bytes RFC 6455's.
const (
	maxContexts    = 5 // of a socket; one that is closing counts
	inactivity     = 20 * time.Second
	maxInactivity  = 180       // seconds
	maxReason      = 123       // bytes that a close frame has room for
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

// Vendor is the emulator of ElevenLabs.
var Vendor = engine.Vendor{Name: "elevenlabs", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/text-to-speech/{voice_id}/multi-stream-input", e.connect)
	return mux, e.quirks
}

// connect checks what can be refused by the upgrade and serves a connection until it ends.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request) {
	address := e.read(r)
	wrong := address.wrong
	if fault := e.server.CurrentFault(); fault.Kind == engine.Refuse && fault.Code < 1000 {
		wrong = status(fault.Code)
		if seconds := int(fault.After.Seconds()); seconds > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
	} else if e.quirks.authBy != "status" || wrong != nil && wrong.id != badKey {
		wrong = nil // it is told at the first message
	}
	if wrong != nil {
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
		wrong.respond(w)
		return
	}
	socket, ok := e.server.Accept(w, r)
	if !ok {
		return
	}
	defer func() { _ = socket.CloseNow() }() // it is over
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() })
	defer stop()
	c := &connection{emulator: e, socket: socket, address: address, contexts: make(map[string]*speechContext)}
	if e.quirks.serial {
		c.engine = make(chan struct{}, 1)
	} else {
		c.engine = make(chan struct{}, maxContexts)
	}
	c.serve()
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
	key := cmp.Or(r.Header.Get("xi-api-key"), strings.TrimPrefix(query.Get("authorization"), "Bearer "))
	a.proven = e.server.Options().APIKey == "" || key == e.server.Options().APIKey
	a.auto = query.Get("auto_mode") == "true"
	a.aligned = query.Get("sync_alignment") == "true"
	a.normalizes = query.Get("apply_text_normalization") != "off"
	seconds, err := strconv.Atoi(cmp.Or(query.Get("inactivity_timeout"), "20"))
	a.inactivity = cmp.Or(e.server.Options().Inactivity, time.Duration(seconds)*time.Second)
	var known bool
	a.format, known = e.quirks.format(query)
	voice := r.PathValue("voice_id")
	switch {
	case !a.proven && key != "":
		a.wrong = named(badKey)
	case !known:
		a.wrong = named(badFormat)
	case slices.ContainsFunc([]string{"eleven_v3", "eleven_v4"}, func(m string) bool { return strings.HasPrefix(query.Get("model_id"), m) }):
		a.wrong = named(badModel)
	case err != nil || seconds < 1 || seconds > maxInactivity:
		a.wrong = invalid("inactivity_timeout must be between 1 and 180.")
	case !voicePattern.MatchString(voice) || voice == unknownVoice:
		a.wrong = &failure{id: "voice_not_found", http: http.StatusNotFound, text: "A voice with the voice_id " + voice + " was not found."}
	}
	return a
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

// connection is one connection. Its reader takes messages, and a goroutine of each context speaks.
type connection struct {
	*emulator

	// Static after connect.
	socket  *websocket.Conn
	address address
	engine  chan struct{}      // holds a token for each context that is spoken at the moment
	stop    context.CancelFunc // ends the contexts; set by serve
	wg      sync.WaitGroup     // the contexts, and the close

	// Owned by the reader.
	leaving bool // nothing more is taken

	mu       sync.Mutex // guards what follows
	closed   bool       // a close frame is under way
	contexts map[string]*speechContext
}

// serve reads until the connection is over.
func (c *connection) serve() {
	defer c.server.Connected()()
	var ctx context.Context
	ctx, c.stop = context.WithCancel(c.server.Context())
	defer c.wg.Wait()
	defer func() { _ = c.socket.CloseNow() }() // frees a writer that is blocked
	defer c.stop()
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		if !c.leaving && ctx.Err() == nil {
			c.take(ctx, data, kind == websocket.MessageText)
		}
	}
}

// fail tells an error and closes, which ends every context. id is the context that it came of, or empty.
// The frame has message, error and code, and the close has the message as its reason: so it stands in reports on GitHub. 1008
// is for a client's fault and for a transient one alike, so clients have to read the id or the text.
func (c *connection) fail(e *failure, id string) {
	if !c.shut() {
		return
	}
	frame := engine.Object{"message": e.text, "error": e.id, "code": int(websocket.StatusPolicyViolation)}
	if c.quirks.errorNamesContext && id != "" {
		c.quirks.name(frame, id)
	}
	if c.quirks.authBy != "close" || e.http != http.StatusUnauthorized {
		engine.Send(c.socket, frame)
	}
	c.wg.Go(func() { _ = c.socket.Close(websocket.StatusPolicyViolation, cutReason(e.text)) }) // the client may have gone
}

// close closes without a word. The reader goes on until the client has answered.
func (c *connection) close(code int) {
	if c.shut() {
		c.wg.Go(func() { _ = c.socket.Close(websocket.StatusCode(code), "") }) // the client may have gone
	}
}

// shut ends every context, and reports false where that has been done.
func (c *connection) shut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.closed
	c.closed = true
	c.stop()
	return first
}

// end takes a context off the connection, which has room for another from then on.
// A context that is closing counts until then (Pipecat's issue 4126).
func (c *connection) end(k *speechContext) {
	c.mu.Lock()
	delete(c.contexts, k.id)
	c.mu.Unlock()
	c.server.Finish(k.index)
}
