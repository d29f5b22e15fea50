package kugelaudio

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// KugelAudio's numbers. The contexts are those of a socket (KugelAudio's docs, Multi-context; older pages say 5), and the text is in
// characters of a request (Generate; a plan may have less). A context's inactivity is the SDK's for JavaScript, and an older edition
// of the reference has it too. How long a close waits is the emulator's own.
const (
	maxContexts = 20
	inactivity  = 20 * time.Second
	maxText     = 10000
	closeWait   = 5 * time.Second // for contexts to drain before the socket closes
	// centMicros is what a second of audio costs, in millionths of a cent. There is no public price list: the reference's
	// examples charge 0.18 ct for 2.0 s and 0.49 ct for 5.4 s.
	centMicros = 90_000
)

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

// handler serves the vendor's three sockets. The paths are those of KugelAudio's docs, Stream, Stream input and Multi-context.
// The ElevenLabs-like proxy of the same host (/11labs) and the REST calls are not emulated.
func (k *emulator) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/tts/multi", k.connect((*connection).multi))
	mux.HandleFunc("GET /ws/tts/stream", k.connect((*connection).stream))
	mux.HandleFunc("GET /ws/tts", k.connect((*connection).single))
	return mux
}

// connect checks the key and serves a connection until it ends.
// The reference tells of two ways in which a bad key shows: a status at the upgrade (the SDKs read 403, some paths give 401), or
// an accepted upgrade that is closed with 4001. Clients have to survive both, so the seed draws one.
func (k *emulator) connect(serve func(*connection, context.Context)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		bad := k.server.Options().APIKey != "" && key(r) != k.server.Options().APIKey
		if bad && !k.quirks.authByClose {
			k.server.Note(func(st *engine.Stats) { st.Refused++ })
			w.Header().Set("x-request-id", "emulated")
			http.Error(w, "Invalid API key", k.quirks.authStatus)
			return
		}
		// Every accepted upgrade bears it (KugelAudio's docs, Audio formats).
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
// Of the query's names api_key is the documented one; token (of a user) and master_key (internal) are the SDKs'. The header is
// what servers use that can set one. No greeting follows the upgrade: clients may send at once.
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
// Frames have no type: they are told apart by the key that is there. keep_alive is of the Java SDK, and does nothing here that
// any frame of a known context would not do.
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

// send writes a frame.
func (c *connection) send(o engine.Object) { engine.Send(c.conn, o) }

// read is the next message's bytes; false: the connection is over.
func (c *connection) read() ([]byte, bool) {
	_, data, err := c.conn.Read(context.Background())
	return data, err == nil
}
