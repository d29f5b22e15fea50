package vogent

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vogent's numbers. The longest text and the rate are those of the REST interface; the rest are the emulator's own. 24,000 Hz
// is its default, and 5,000 characters are its longest text (Vogent's docs, Advanced features).
const (
	maxText      = 5000 // characters of a generation
	sampleRate   = 24000
	maxOpen      = 128 // generations of a socket at once
	maxID        = 256 // bytes of an id
	remembered   = 256 // generations of a socket that have ended, and whose ids are known
	charMicros   = 30  // a character's price in millionths of a dollar, of which only the unit is documented
	idleTimeout  = 20 * time.Second
	unknownVoice = "00000000-0000-0000-0000-000000000000" // any other UUID is a voice
)

// emulator is that of wss://api.vogent.ai.
type emulator struct {
	server *engine.Server
	quirks quirks
}

// Vendor is the emulator of Vogent.
var Vendor = engine.Vendor{Name: "vogent", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	v := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tts/websocket", v.connect)
	return mux, v.quirks
}

// connect checks the key and serves a connection until it ends.
// How a bad key is refused is not documented.
func (v *emulator) connect(w http.ResponseWriter, r *http.Request) {
	bad := v.server.Options().APIKey != "" && key(r) != v.server.Options().APIKey
	if bad && v.quirks.authBy == "status" {
		v.server.Note(func(st *engine.Stats) { st.Refused++ })
		http.Error(w, "invalid API key", v.quirks.authStatus)
		return
	}
	socket, ok := v.server.Accept(w, r)
	if !ok {
		return
	}
	defer func() { _ = socket.CloseNow() }() // it is over
	stop := context.AfterFunc(v.server.Context(), func() { _ = socket.CloseNow() })
	defer stop()
	c := &connection{emulator: v, socket: socket, open: make(map[string]*generation), turns: make(map[string]*generation)}
	if bad {
		c.refuse()
		return
	}
	c.serve()
}

// key is the key that a client shows. Header or query suffices.
// The reference has the header as required and the query's apiKey as an addition, while the quickstart connects with the query
// alone.
func key(r *http.Request) string {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key
	}
	return r.URL.Query().Get("apiKey")
}

// connection is one connection. Its reader takes messages, and a goroutine of each generation speaks.
type connection struct {
	*emulator
	socket *websocket.Conn
	closed atomic.Bool    // a close frame is under way, and nothing more is taken
	wg     sync.WaitGroup // the generations, and the close

	mu    sync.Mutex             // guards what follows
	open  map[string]*generation // by generationId
	turns map[string]*generation // the last of each contextId
	ended []string               // ids of the last that are over
}

// refuse tells a client with a bad key, and closes.
func (c *connection) refuse() {
	c.server.Note(func(st *engine.Stats) { st.Refused++ })
	if c.quirks.authBy == "error" {
		engine.Send(c.socket, c.errorFrame("", "invalid API key"))
	}
	_ = c.socket.Close(websocket.StatusCode(c.quirks.closeCode), "") // the client may have gone
}

// serve reads until the connection is over.
// There is no greeting: the quickstart sends its text right after the upgrade.
func (c *connection) serve() {
	defer c.server.Connected()()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer c.wg.Wait()
	defer func() { _ = c.socket.CloseNow() }() // frees a writer that is blocked
	defer cancel()
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		if !c.closed.Load() {
			c.take(ctx, data, kind == websocket.MessageText)
		}
	}
}

// errorFrame is an error of a generation, or of none.
// The text is free, and there is no code: clients can't tell a fault of theirs from one of the vendor's.
func (c *connection) errorFrame(id, text string) engine.Object {
	o := engine.Object{"type": "error", "generationId": id, "error": text}
	if id == "" && !c.quirks.emptyID {
		delete(o, "generationId")
	}
	return o
}

// fail sends an error, and closes where the vendor does so.
// Whether the socket survives an error is not documented; the quickstart stops reading.
func (c *connection) fail(id, text string) {
	engine.Send(c.socket, c.errorFrame(id, text))
	if c.quirks.errorCloses {
		c.close(c.quirks.closeCode)
	}
}

// close sends a close frame. The reader goes on until the client has answered it.
func (c *connection) close(code int) {
	if c.closed.Swap(true) {
		return
	}
	c.wg.Go(func() { _ = c.socket.Close(websocket.StatusCode(code), "") }) // the client may have gone
}
