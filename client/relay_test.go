package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// fakeRelay is the other end of a client, in memory, for use within a bubble. What it answers is up to the test.
type fakeRelay struct {
	t       *testing.T
	conns   chan net.Conn
	over    chan struct{}
	peers   chan *peer
	refuses atomic.Pointer[protocol.Error] // whoever connects
	dials   atomic.Int64
}

func newFakeRelay(t *testing.T) *fakeRelay {
	t.Helper()
	r := &fakeRelay{t: t, conns: make(chan net.Conn), over: make(chan struct{}), peers: make(chan *peer, 10)}
	server := &http.Server{Handler: r}
	go func() { _ = server.Serve(r) }() // ends with the cleanup
	t.Cleanup(func() { _ = server.Close() })
	return r
}

func (r *fakeRelay) Accept() (net.Conn, error) {
	select {
	case conn := <-r.conns:
		return conn, nil
	case <-r.over:
		return nil, net.ErrClosed
	}
}

func (r *fakeRelay) Close() error { close(r.over); return nil }

func (r *fakeRelay) Addr() net.Addr { return &net.TCPAddr{} }

func (r *fakeRelay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.dials.Add(1)
	if refusal := r.refuses.Load(); refusal != nil {
		w.WriteHeader(refusal.Code.Status())
		_, _ = w.Write(protocol.EncodeBody(refusal)) // a client that left asks no more
		return
	}
	conn, err := websocket.Accept(w, request, &websocket.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}})
	if err != nil {
		r.t.Errorf("accept: %v", err)
		return
	}
	p := &peer{t: r.t, conn: conn, request: request, commands: make(chan protocol.Command, 1000)}
	p.send(protocol.Ready{SessionID: "s", Limits: protocol.Limits{MaxMessageBytes: 2000}})
	r.peers <- p
	p.read()
}

// dial connects a client, and returns the relay's side of the connection.
func (r *fakeRelay) dial(cfg Config) (*Client, *peer) {
	r.t.Helper()
	c, err := Dial(r.t.Context(), r.config(cfg))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Close)
	return c, <-r.peers
}

func (r *fakeRelay) config(cfg Config) Config {
	cfg.URL = "http://relay.test"
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			select {
			case r.conns <- theirs:
				return ours, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		DisableKeepAlives: true,
	}}
	return cfg
}

// peer is the relay's side of one connection.
type peer struct {
	t        *testing.T
	conn     *websocket.Conn
	request  *http.Request
	commands chan protocol.Command // closed at the connection's end
	mute     atomic.Bool           // answers no ping
	pings    atomic.Int64
}

func (p *peer) read() {
	defer close(p.commands)
	for {
		_, data, err := p.conn.Read(context.Background())
		if err != nil {
			return
		}
		command, refused := protocol.Decode(data)
		if refused != nil {
			p.t.Errorf("the client sent %s: %v", data, refused)
			return
		}
		if _, ping := command.(*protocol.Ping); ping {
			if p.pings.Add(1); !p.mute.Load() {
				p.send(protocol.Pong{})
			}
			continue
		}
		p.commands <- command
	}
}

func (p *peer) send(e protocol.Event) {
	_ = p.conn.Write(context.Background(), websocket.MessageText, protocol.Encode(e))
}

// drop breaks the connection without a word.
func (p *peer) drop() { _ = p.conn.CloseNow() }

// got is the client's next command, which must be of this kind.
func got[C protocol.Command](p *peer) C {
	p.t.Helper()
	var want C
	command, open := <-p.commands
	if !open {
		p.t.Fatalf("the connection ended, want a %T", want)
	}
	typed, ok := command.(C)
	if !ok {
		p.t.Fatalf("the client sent %T %+v, want a %T", command, command, want)
	}
	return typed
}

// silent checks that the client has sent nothing more.
func (p *peer) silent() {
	p.t.Helper()
	synctest.Wait()
	select {
	case command, open := <-p.commands:
		if open {
			p.t.Errorf("the client sent %T %+v, want nothing", command, command)
		}
	default:
	}
}

// speaks sends audio: a frame for each number, which is its one byte.
func (p *peer) speaks(id string, frames ...byte) {
	for _, n := range frames {
		head := protocol.Audio{GenerationID: id, Seq: uint32(n), StartMS: 100 * uint32(n), Samples: 2400}
		data := protocol.AppendAudioBinary(nil, head, []byte{n})
		_ = p.conn.Write(context.Background(), websocket.MessageBinary, data) // a client that left hears nothing
	}
}

func (p *peer) ends(id, reason string, char int) {
	p.send(protocol.Done{GenerationID: id, RecordID: "r", Reason: reason, Spoken: protocol.Spoken{Char: char, Source: "word_times"}})
}

// speak starts a speech whose id is its text.
func speak(t *testing.T, c *Client, r Request) *Speech {
	t.Helper()
	if r.ID == "" {
		r.ID = r.Text
	}
	s, err := c.Speak(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listen ranges over a speech to its end.
func listen(s *Speech) (frames []byte, err error) {
	for audio, failure := range s.Audio() {
		if failure != nil {
			err = failure
			continue
		}
		frames = append(frames, audio.Data...)
	}
	return frames, err
}

// hears checks what comes of a speech: its frames, and the error after them.
func hears(t *testing.T, s *Speech, want string, failure error) {
	t.Helper()
	frames, err := listen(s)
	if string(frames) != want || !errors.Is(err, failure) {
		t.Errorf("%s: heard %q and %v, want %q and %v", s.ID(), frames, err, want, failure)
	}
}

// refusedWith checks that an error is the relay's own.
func refusedWith(t *testing.T, err error, code protocol.Code) {
	t.Helper()
	var refused *protocol.Error
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}
