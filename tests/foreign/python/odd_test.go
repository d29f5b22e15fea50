package python_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// oddRelay is a server that does to a client what the text of each generate says: its steps, with spaces between them. Steps
// behind a | are for the second time that a generation comes.
type oddRelay struct {
	mu          sync.Mutex
	connections int
	busy        int
	seen        map[string]int   // generates, by id
	cancels     map[string][]any // played times, by id; nil: none was told
	gone        chan struct{}    // closed by the step go
}

func serveOdd(t *testing.T) (address string) {
	t.Helper()
	o := &oddRelay{seen: make(map[string]int), cancels: make(map[string][]any), gone: make(chan struct{})}
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	return server.URL
}

func (o *oddRelay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	busy := strings.HasPrefix(r.URL.Path, "/busy") && o.busy < 2
	if busy {
		o.busy++
	}
	o.mu.Unlock()
	switch {
	case busy:
		http.Error(w, `{"error":{"code":"draining","status":503,"message":"going away","retryable":true}}`, http.StatusServiceUnavailable)
		return
	case strings.HasPrefix(r.URL.Path, "/forbidden") && r.Header.Get("Authorization") != "Bearer secret":
		http.Error(w, `{"error":{"code":"auth_failed","status":401,"message":"no such key","retryable":false}}`, http.StatusUnauthorized)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"voice-relay.v1"}})
	if err != nil {
		return
	}
	o.mu.Lock()
	o.connections++
	o.mu.Unlock()
	c := &oddConn{relay: o, conn: conn, running: make(map[string]context.CancelFunc), ending: make(map[string]chan struct{})}
	c.tell(map[string]any{"type": "ready", "limits": map[string]any{"max_message_bytes": 4096}})
	c.serve(r.Context())
}

// oddConn is one connection.
type oddConn struct {
	relay *oddRelay
	conn  *websocket.Conn

	mu      sync.Mutex
	running map[string]context.CancelFunc
	ending  map[string]chan struct{} // closed when the done of a canceled generation is sent
	wg      sync.WaitGroup
}

func (c *oddConn) tell(message map[string]any) {
	data, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	c.send(websocket.MessageText, data)
}

func (c *oddConn) send(kind websocket.MessageType, data []byte) {
	_ = c.conn.Write(context.Background(), kind, data) // a client that left is none of the server's business
}

func (c *oddConn) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer c.wg.Wait()
	defer c.conn.CloseNow()
	defer cancel()
	for {
		_, data, err := c.conn.Read(ctx)
		if err != nil {
			return
		}
		var command struct {
			Type, Text   string
			GenerationID string           `json:"generation_id"`
			ContextID    string           `json:"context_id"`
			PlayedMS     *int64           `json:"played_ms"`
			Played       map[string]int64 `json:"played"`
		}
		if json.Unmarshal(data, &command) != nil {
			return
		}
		switch command.Type {
		case "generate":
			running, stop := context.WithCancel(ctx)
			c.mu.Lock()
			c.running[command.GenerationID] = stop
			c.mu.Unlock()
			c.wg.Go(func() { c.speak(running, command.GenerationID, command.Text) })
		case "cancel":
			if command.GenerationID != "" {
				c.stop(command.GenerationID, command.PlayedMS)
			}
			for id, ms := range command.Played {
				c.stop(id, &ms)
			}
		case "ping":
			c.tell(map[string]any{"type": "pong"})
		}
	}
}

// stop cancels a generation that runs, or says how much was heard of one that has ended: as many characters as milliseconds.
// The done of what is canceled is late, as if it crossed what the client sends next.
func (c *oddConn) stop(id string, played *int64) {
	told := any(nil)
	if played != nil {
		told = *played
	}
	c.relay.mu.Lock()
	c.relay.cancels[id] = append(c.relay.cancels[id], told)
	c.relay.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := c.running[id]
	delete(c.running, id)
	if stop != nil {
		stop()
		over := make(chan struct{})
		c.ending[id] = over
		c.wg.Go(func() {
			time.Sleep(50 * time.Millisecond)
			c.done(id, "cancelled")
			close(over)
		})
		return
	}
	over := c.ending[id]
	c.wg.Go(func() {
		if over != nil {
			<-over
		}
		if played != nil {
			c.tell(map[string]any{"type": "spoken", "generation_id": id, "spoken": map[string]any{"char": *played, "source": "estimate"}})
		}
	})
}

func (c *oddConn) done(id, reason string) {
	c.tell(map[string]any{"type": "done", "generation_id": id, "reason": reason, "spoken": map[string]any{"char": 3, "source": "estimate"}})
}

// broken is what no client may take for a message; %s is the generation's id.
var broken = map[string]string{
	"done-without-spoken": `{"type":"done","generation_id":"%s","reason":"completed"}`,
	"spoken-without-char": `{"type":"done","generation_id":"%s","reason":"completed","spoken":{}}`,
	"no-type":             `{"generation_id":"%s"}`,
	"no-json":             `Hello.`,
	"no-object":           `[1]`,
	"no-utf8":             "{\"type\":\"\xff\"}",
	"unknown-type":        `{"type":"weather","generation_id":"%s"}`,
}

var brokenFrames = map[string]string{"short-frame": "\x01\x01\x09g", "empty-frame": "", "unknown-kind": "\x01\x02\x00more"}

func (c *oddConn) speak(ctx context.Context, id, text string) {
	c.relay.mu.Lock()
	c.relay.seen[id]++
	first := c.relay.seen[id] == 1
	c.relay.mu.Unlock()
	once, again, twofold := strings.Cut(text, "|")
	if twofold && !first {
		once = again
	}
	var seq uint32
	pace := time.Duration(0)
	for step := range strings.FieldsSeq(once) {
		name, number, _ := strings.Cut(step, "=")
		n, _ := strconv.Atoi(number)
		switch name {
		case "pace":
			pace = time.Duration(n) * time.Millisecond
		case "frames":
			for range n {
				if time.Sleep(pace); ctx.Err() != nil {
					return
				}
				c.send(websocket.MessageBinary, frame(id, seq))
				seq++
			}
		case "done":
			c.mu.Lock()
			delete(c.running, id)
			c.mu.Unlock()
			c.done(id, "completed")
		case "hold":
			<-ctx.Done()
			return
		case "wait":
			select {
			case <-ctx.Done():
				return
			case <-c.relay.gone:
			}
		case "go":
			close(c.relay.gone)
		case "drain":
			c.tell(map[string]any{"type": "draining", "grace_ms": 5000})
		case "drop":
			_ = c.conn.CloseNow()
		case "report":
			c.report(id)
		default:
			if frame, ok := brokenFrames[name]; ok {
				c.send(websocket.MessageBinary, []byte(frame))
			} else {
				c.send(websocket.MessageText, []byte(strings.ReplaceAll(broken[name], "%s", id)))
			}
		}
	}
}

// report tells what the server has been told, in a message that clients hand on as it is.
func (c *oddConn) report(id string) {
	c.relay.mu.Lock()
	defer c.relay.mu.Unlock()
	c.tell(map[string]any{
		"type": "rerouted", "generation_id": id, "connections": c.relay.connections, "cancels": maps.Clone(c.relay.cancels),
	})
}

// frame is 10 ms of audio.
func frame(id string, seq uint32) []byte {
	data := append([]byte{1, 1, byte(len(id))}, id...)
	for _, n := range []uint32{seq, 10 * seq, 240} {
		data = binary.BigEndian.AppendUint32(data, n)
	}
	return append(data, make([]byte, 480)...)
}

func TestTheClientInPythonAndAnOddServer(t *testing.T) {
	everyPython(t, func(t *testing.T, python string) {
		dir := t.TempDir()
		beside(t, dir)
		execute(t, dir, python, "odd.py", serveOdd(t))
	})
}
