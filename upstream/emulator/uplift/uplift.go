package uplift

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Uplift's numbers, from its reference. The 2,000 characters of some voices are in the vendor's guide for hackathons, which
// does not say which voices; the default is the one that every client has.
const (
	synthesesPerMinute = 60 // of a connection
	cancelsPerMinute   = 100
	maxText            = 10_000 // characters of a request
	shortText          = 2_000  // the same for some voices
	defaultVoice       = "v_meklc281"
	socketNamespace    = "/text-to-speech/multi-stream"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	authStatus      int           // HTTP status that refuses a bad key on the plain path
	authByError     bool          // Socket.IO: a bad key is let in, told auth_failed and shown out, rather than refused
	millis          bool          // timestamps are milliseconds rather than seconds
	startsEarly     bool          // audio_start comes when the request is taken up, rather than with its first audio
	silence         silence       // what an unknown voice is answered
	sequenceGaps    bool          // sequence leaves numbers out
	parallel        int           // requests of a connection that are spoken side by side; others wait
	fixedWindow     bool          // a minute begins with its first request, rather than with each
	countsRefused   bool          // requests beyond the limit count too
	lateFrames      int           // audio frames that follow a cancel
	oddChunks       bool          // frames end in the middle of a sample
	shortVoices     bool          // voices other than the default take 2,000 characters only
	ignoresUnknown  bool          // a message of an unknown type is ignored, rather than answered by an error
	wavFloat        bool          // WAV_22050_32 has floats rather than integers
	wavSize         uint32        // of a WAV file's samples, as its header has it; 1: the true one
	billsCharacters bool          // rather than seconds of audio
	idle            time.Duration // of a plain connection, after which it is closed; 0: never
	ping            time.Duration // Engine.IO: from one heartbeat to the next
	pingTimeout     time.Duration // Engine.IO: for the client's answer
	chunk           time.Duration // audio of a frame
}

// silence is what is sent for a voice that does not exist: never audio, never an error.
type silence int

const (
	nothing silence = iota
	onlyStart
	startAndEnd
)

// drawQuirks draws them, the same for the same seed. 25 s and 20 s are Engine.IO's defaults for heartbeats; 10 s shows whether
// a client goes by what it is told.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x75706c696674))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		authStatus:  []int{http.StatusUnauthorized, http.StatusForbidden}[r.IntN(2)],
		authByError: flip(), millis: flip(), startsEarly: flip(), silence: silence(r.IntN(3)),
		sequenceGaps: flip(), parallel: []int{8, 64}[r.IntN(2)], fixedWindow: flip(), countsRefused: flip(),
		lateFrames: r.IntN(3), oddChunks: flip(), shortVoices: flip(), ignoresUnknown: flip(), wavFloat: flip(),
		wavSize: []uint32{0, 1, wavUnknownSize}[r.IntN(3)], billsCharacters: flip(),
		idle:  []time.Duration{0, time.Minute}[r.IntN(2)],
		ping:  []time.Duration{25 * time.Second, 10 * time.Second}[r.IntN(2)],
		chunk: time.Duration(100+10*r.IntN(16)) * time.Millisecond, pingTimeout: 20 * time.Second,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	if o.Inactivity > 0 {
		q.idle = min(q.idle, o.Inactivity)
		q.ping = o.Inactivity
	}
	return q
}

// voices are the voices that there are.
// They are those that the vendor's docs and clients name.
func voices() []string {
	return []string{defaultVoice, "v_8eelc901", "v_30s70t3a", "v_yypgzenx", "v_kwmp7zxt"}
}

// emulator is that of wss://api.upliftai.org: a plain WebSocket and Socket.IO, with the same messages.
type emulator struct {
	server *engine.Server
	quirks quirks

	mu      sync.Mutex // guards what follows
	engines map[string]*engineConnection
	ids     int // given out so far
}

// Vendor is the emulator of Uplift.
var Vendor = engine.Vendor{Name: "uplift", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	u := &emulator{server: s, quirks: drawQuirks(s.Options()), engines: make(map[string]*engineConnection)}
	return u.handler(), u.quirks
}

// handler serves both ways to the vendor. The plain path has /v1 before the name of the namespace; the namespace itself has
// not.
func (u *emulator) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1"+socketNamespace, u.plain)
	mux.HandleFunc("/socket.io/", u.engineIO)
	return mux
}

// nextID is an id that this server has not given out before.
func (u *emulator) nextID(prefix string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ids++
	return fmt.Sprintf("%s%06d", prefix, u.ids)
}

// knows reports whether a key is accepted.
func (u *emulator) knows(key string) bool {
	return u.server.Options().APIKey == "" || key == u.server.Options().APIKey
}

// plain is a plain WebSocket: a message is a text frame.
type plain struct {
	conn *websocket.Conn
	idle *idleWatch
}

func (p plain) deliver(_ context.Context, o engine.Object) {
	p.idle.touch()
	engine.Send(p.conn, o)
}

func (p plain) garbage(ctx context.Context) {
	_ = p.conn.Write(ctx, websocket.MessageText, []byte(engine.GarbageText)) // a client that has gone is noticed by the reader
}

func (p plain) drop(context.Context) { _ = p.conn.CloseNow() }

func (p plain) close(_ context.Context, code int) {
	_ = p.conn.Close(websocket.StatusCode(code), "") // the client may have gone
}

// plain serves the plain WebSocket. A bad key is refused at the upgrade: the vendor's own client would wait forever
// for ready on a connection that was accepted and closed.
// The key is in the Authorization header here; Socket.IO has it in its auth object.
func (u *emulator) plain(w http.ResponseWriter, r *http.Request) {
	if u.server.Options().APIKey != "" && r.Header.Get("Authorization") != "Bearer "+u.server.Options().APIKey {
		u.server.Note(func(st *engine.Stats) { st.Refused++ })
		http.Error(w, `{"message":"Invalid API key"}`, u.quirks.authStatus)
		return
	}
	life, end := context.WithCancel(u.server.Context())
	defer end()
	idle := newIdleWatch(u.quirks.idle)
	conn, ok := u.server.AcceptWith(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
		OnPingReceived:     func(context.Context, []byte) bool { idle.touch(); return true },
	})
	if !ok {
		return
	}
	defer u.server.Connected()()
	stop := context.AfterFunc(life, func() { _ = conn.CloseNow() }) // ends the reader
	defer stop()
	s := newSession(life, u, plain{conn, idle})
	s.wg.Go(func() { idle.watch(life, s, conn) })
	s.ready()
	s.readPlain(conn, idle)
	end()
	_ = conn.CloseNow() // it is over, and a speaker may be waiting to send
	s.stop()
}

// readPlain takes a plain connection's messages until it is over.
func (s *session) readPlain(conn *websocket.Conn, idle *idleWatch) {
	for {
		_, data, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		idle.touch()
		var head struct {
			Type string `json:"type"`
		}
		_ = json.Unmarshal(data, &head) // what there is of it
		s.take(head.Type, data)
	}
}

// idleWatch notices a plain connection on which there is neither a message, of either side, nor a ping.
// No idle limit is documented. Pings count, for Pipecat's library sends nothing else in a pause.
type idleWatch struct {
	limit time.Duration // 0: none

	mu   sync.Mutex // guards what follows
	last time.Time  // of a sign of life
}

func newIdleWatch(limit time.Duration) *idleWatch {
	return &idleWatch{limit: limit, last: time.Now()}
}

func (i *idleWatch) touch() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = time.Now()
}

func (i *idleWatch) left() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	return time.Until(i.last.Add(i.limit))
}

// watch closes the connection when it has been idle for too long. While a request is spoken it is not idle.
func (i *idleWatch) watch(life context.Context, s *session, conn *websocket.Conn) {
	for i.limit > 0 {
		left := i.left()
		if left <= 0 && s.busy() {
			i.touch()
			continue
		}
		if left <= 0 {
			_ = conn.Close(websocket.StatusGoingAway, "idle") // the client may have gone
			return
		}
		if !engine.Pause(life, left) {
			return
		}
	}
}
