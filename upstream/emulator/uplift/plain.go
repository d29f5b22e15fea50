package uplift

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

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
