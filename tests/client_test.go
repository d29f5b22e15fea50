package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"voicerelay/tests/process"

	"github.com/coder/websocket"
)

// deadline bounds every wait for something that must come; the suite shares two cores with everything else.
const deadline = process.Deadline

// A client is one connection to a relay. It checks the protocol's rules on every message and fails its test at once,
// with the transcript, when one is broken. At the test's end everything asked for must have been answered, unless the
// test let go of the connection or the relay closed it as the test expected.
type client struct {
	t      *testing.T
	conn   *websocket.Conn
	stop   context.CancelFunc
	reader sync.WaitGroup

	mu         sync.Mutex
	rules      *contract
	transcript []string
	log        []message     // everything received
	changed    chan struct{} // closed and replaced whenever log or over changes
	over       error         // why nothing more comes
	excused    bool          // the connection's end was expected
}

// A dialing says how a client connects; the zero value is plain JSON with no key.
type dialing struct {
	query  string // such as "audio=binary"
	header http.Header
	host   string
	protos []string
	// onPing, if set, is told of the relay's pings and says whether to answer.
	onPing func() bool
}

func (r *relay) dial(t *testing.T) *client { t.Helper(); return r.dialWith(t, dialing{}) }

// dialWith connects and waits for ready.
func (r *relay) dialWith(t *testing.T, d dialing) *client {
	t.Helper()
	conn, _, err := d.connect(r)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	c := newClient(t, conn, strings.Contains(d.query, "audio=binary"))
	c.await("ready", func(m message) bool { return m.kind == "ready" })
	return c
}

func (d dialing) connect(r *relay) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	o := websocket.DialOptions{HTTPHeader: d.header, Host: d.host, Subprotocols: d.protos}
	if d.onPing != nil {
		o.OnPingReceived = func(context.Context, []byte) bool { return d.onPing() }
	}
	url := r.url + "/v1/speech"
	if d.query != "" {
		url += "?" + d.query
	}
	return websocket.Dial(ctx, url, &o)
}

func newClient(t *testing.T, conn *websocket.Conn, binary bool) *client {
	conn.SetReadLimit(-1)
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{t: t, conn: conn, stop: cancel, rules: newContract(binary), changed: make(chan struct{})}
	c.reader.Go(func() { c.read(ctx) })
	t.Cleanup(c.finish)
	return c
}

// read takes messages until the connection ends or one breaks a rule.
func (c *client) read(ctx context.Context) {
	for {
		kind, data, err := c.conn.Read(ctx)
		if err == nil {
			err = c.take(data, kind == websocket.MessageBinary)
		}
		if err != nil {
			c.end(err)
			return
		}
	}
}

func (c *client) take(data []byte, binary bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.rules.received(data, binary)
	line := m.String()
	if m.kind == "" {
		line = shorten(fmt.Sprintf("%q", data), 500)
	}
	c.transcript = append(c.transcript, "<- "+line)
	if err != nil {
		return breach{err}
	}
	c.log = append(c.log, m)
	c.signalLocked()
	return nil
}

// A breach is a rule of the protocol that the relay broke.
type breach struct{ error }

func (c *client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = err
	if errors.As(err, &breach{}) {
		c.t.Errorf("the protocol is broken: %v\n%s", err, c.transcriptLocked())
	}
	c.signalLocked()
}

func (c *client) signalLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// transcriptLocked is the last of what passed, oldest first.
func (c *client) transcriptLocked() string {
	lines := c.transcript
	if n := len(lines); n > 120 {
		lines = append([]string{fmt.Sprintf("… %d lines before …", n-120)}, lines[n-120:]...)
	}
	return "transcript:\n  " + strings.Join(lines, "\n  ")
}

// fail ends the test with the transcript.
func (c *client) fail(form string, args ...any) {
	c.t.Helper()
	c.mu.Lock()
	transcript := c.transcriptLocked()
	c.excused = true
	c.mu.Unlock()
	c.t.Fatalf(form+"\n%s", append(args, transcript)...)
}

// j is a JSON object.
type j = map[string]any

// send sends a well-formed command, which the contract takes note of.
func (c *client) send(cmd j) {
	c.t.Helper()
	data, err := json.Marshal(cmd)
	if err != nil {
		c.fail("%v", err)
	}
	c.mu.Lock()
	err = c.rules.sent(data)
	c.transcript = append(c.transcript, "-> "+shorten(string(data), 500))
	c.mu.Unlock()
	if err != nil {
		c.fail("%v", err)
	}
	c.write(websocket.MessageText, data)
}

// forge sends anything at all; one error may answer it.
func (c *client) forge(data string) {
	c.t.Helper()
	c.mu.Lock()
	c.rules.forged++
	c.transcript = append(c.transcript, "-> "+shorten(fmt.Sprintf("%q", data), 500))
	c.mu.Unlock()
	c.write(websocket.MessageText, []byte(data))
}

func (c *client) write(kind websocket.MessageType, data []byte) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if err := c.conn.Write(ctx, kind, data); err != nil {
		c.fail("send: %v", err)
	}
}

// finish ends the connection at the test's end, and checks that nothing is owed.
func (c *client) finish() {
	c.mu.Lock()
	excused := c.excused || c.t.Failed()
	err := c.rules.settled()
	if c.over != nil {
		err = fmt.Errorf("the connection ended unexpectedly: %w", c.over)
	}
	transcript := c.transcriptLocked()
	c.mu.Unlock()
	if err != nil && !excused {
		c.t.Errorf("%v\n%s", err, transcript)
	}
	c.drop()
}

// drop lets go of the connection without a word, whatever still runs on it.
func (c *client) drop() {
	c.mu.Lock()
	c.excused = true
	c.mu.Unlock()
	c.stop()
	_ = c.conn.CloseNow() // only says that it was closed already
	c.reader.Wait()
}
