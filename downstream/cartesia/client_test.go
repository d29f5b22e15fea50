package cartesia_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/cartesia"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
)

func TestSuite(t *testing.T) {
	for name, delay := range map[string]int{"tokens": -1, "phrases": 0} {
		t.Run(name, func(t *testing.T) {
			downstreamtest.Run(t, downstreamtest.Dialect{
				Under: cartesia.Dialect{},
				Dial: func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
					return dial(r, as, delay)
				},
				Can: downstreamtest.Can{
					Tokens: delay != 0, Flush: true, Turns: true, Parallel: true, Interrupt: true, Words: true, TellsFailure: true,
				},
			})
		})
	}
}

// caller is a client of contexts as they are described: each message repeats all that it asks for.
type caller struct {
	conn   *websocket.Conn
	voice  string
	delay  int             // max_buffer_delay_ms; negative: left out
	failed map[string]bool // contexts, whose done says nothing more to clients

	heard chan heard    // a few messages ahead: those behind an error are read though nobody waits for them
	gone  chan struct{} // closed by Hangup, once

	closed error // how the relay closed the connection; set before heard has io.EOF
}

// heard is a message, or why there is none.
type heard struct {
	said
	err error
}

func dial(r *downstreamtest.Relay, as downstreamtest.Caller, delay int) (*caller, error) {
	header := http.Header{"Cartesia-Version": {"2026-03-01"}}
	if as.Key != "" {
		header.Set("X-Api-Key", as.Key)
	}
	conn, err := r.WebSocket(r.Prefix+"/tts/websocket", header)
	if err != nil {
		return nil, err
	}
	c := &caller{
		conn: conn, voice: as.Voice, delay: delay, failed: make(map[string]bool), heard: make(chan heard, 2), gone: make(chan struct{}),
	}
	go c.listen()
	return c, nil
}

// listen reads until the connection ends.
func (c *caller) listen() {
	for {
		m, err := c.receive()
		select {
		case c.heard <- heard{m, err}:
		case <-c.gone:
			return
		}
		if err != nil {
			return
		}
	}
}

// text is a message of text, as clients make it.
func (c *caller) text(id, transcript string, goesOn bool) map[string]any {
	m := map[string]any{
		"model_id": "sonic-3", "transcript": transcript, "voice": map[string]any{"mode": "id", "id": c.voice}, "context_id": id,
		"output_format":  map[string]any{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
		"add_timestamps": true, "continue": goesOn, "language": "en",
	}
	if c.delay >= 0 {
		m["max_buffer_delay_ms"] = c.delay
	}
	return m
}

// send sends a message. One that can't be sent shows in what is read.
func (c *caller) send(message map[string]any) {
	data, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	c.write(string(data))
}

func (c *caller) write(message string) {
	_ = c.conn.Write(context.Background(), websocket.MessageText, []byte(message))
}

func (c *caller) Say(id, text string) { c.send(c.text(id, text, true)) }

func (c *caller) Flush(id string) {
	m := c.text(id, "", true)
	m["flush"] = true
	c.send(m)
}

func (c *caller) End(id string) { c.send(c.text(id, "", false)) }

func (c *caller) Interrupt(id string) { c.send(map[string]any{"context_id": id, "cancel": true}) }

func (c *caller) Hangup() {
	close(c.gone)
	_ = c.conn.CloseNow()
}

// said is a message of the relay. Fields that clients need are pointers, so that a missing one shows.
type said struct {
	Type      *string
	ContextID *string `json:"context_id"`
	Done      *bool
	Status    *int `json:"status_code"`

	Data     string
	StepTime *float64 `json:"step_time"`
	FlushID  *int     `json:"flush_id"`
	Error    string
	Code     string `json:"error_code"`
	Message  string
	Words    *struct {
		Words      []string
		Start, End []float64
	} `json:"word_timestamps"`
}

// read is the next message.
func (c *caller) read() (said, error) {
	h := <-c.heard
	return h.said, h.err
}

// receive is the next message, by the rules that all clients hold it to.
func (c *caller) receive() (m said, err error) {
	kind, data, err := c.conn.Read(context.Background())
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		c.closed = err
		return m, io.EOF
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil || kind != websocket.MessageText {
		return m, fmt.Errorf("%s: %w", data, err)
	}
	return m, m.check(data)
}

// check says what a client would trip over.
func (m said) check(data []byte) error {
	if m.Type == nil || m.ContextID == nil || m.Done == nil || m.Status == nil || strings.Contains(string(data), "null") {
		return fmt.Errorf("%s lacks a field", data)
	}
	wrong := false
	switch *m.Type {
	case "chunk":
		wrong = *m.Done || *m.Status != 206 || m.StepTime == nil || m.Data == ""
	case "timestamps":
		wrong = *m.Done || *m.Status != 206 || m.Words == nil ||
			len(m.Words.Words) != len(m.Words.Start) || len(m.Words.Words) != len(m.Words.End)
	case "flush_done":
		wrong = *m.Done || *m.Status != 206 || m.FlushID == nil
	case "done":
		wrong = !*m.Done
	case "error":
		wrong = *m.Done || *m.Status < 500 || *m.Status > 599 || m.Error == "" || m.Code == "" || m.Message == ""
	default:
		wrong = true
	}
	if wrong {
		return fmt.Errorf("a client can't use %s", data)
	}
	return nil
}

func (c *caller) Next() (downstreamtest.Event, error) {
	for {
		m, err := c.read()
		if err != nil {
			return downstreamtest.Event{}, err
		}
		if *m.Type == "flush_done" || *m.Type == "done" && c.failed[*m.ContextID] {
			continue
		}
		e, err := m.event()
		e.Turn = *m.ContextID
		if e.Kind == downstreamtest.Failed {
			c.failed[e.Turn] = true
		}
		return e, err
	}
}

// words are the words of a message with their times.
func (m said) words() (words []downstreamtest.Word) {
	at := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for i, word := range m.Words.Words {
		words = append(words, downstreamtest.Word{Text: word, Start: at(m.Words.Start[i]), End: at(m.Words.End[i])})
	}
	return words
}

// A client that does not read between two turns answers no ping: its connection stays, and takes the next turn.
func TestAnUnreadConnectionStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, cartesia.Dialect{})
		client := r.HTTP()
		transport := client.Transport.(*http.Transport)
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return newKernel(conn), nil
		}
		conn, _, err := websocket.Dial(t.Context(), "ws://localhost"+r.Prefix+"/tts/websocket", &websocket.DialOptions{
			HTTPClient: client, HTTPHeader: http.Header{"X-Api-Key": {downstreamtest.Key}},
		})
		if err != nil {
			t.Fatal(err)
		}
		conn.SetReadLimit(8 << 20)
		c := &caller{conn: conn, voice: downstreamtest.Voice, failed: make(map[string]bool), heard: make(chan heard, 2), gone: make(chan struct{})}
		defer c.Hangup()
		time.Sleep(4 * time.Minute)
		go c.listen()
		c.Say("a", relaytest.TwelveWords)
		c.End("a")
		if said := c.until(t, "a", "done"); said.heard != relaytest.Letters(relaytest.TwelveWords) {
			t.Errorf("heard %q", said.heard)
		}
	})
}

// kernel is a connection of which all is taken as it comes, whether or not anybody reads it.
type kernel struct {
	net.Conn
	came chan []byte // enough for a test
	rest []byte
}

func newKernel(conn net.Conn) *kernel {
	k := &kernel{Conn: conn, came: make(chan []byte, 1<<16)}
	go func() {
		defer close(k.came)
		for {
			buf := make([]byte, 32<<10)
			n, err := conn.Read(buf)
			if n > 0 {
				k.came <- buf[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	return k
}

func (k *kernel) Read(p []byte) (int, error) {
	if len(k.rest) == 0 {
		more, ok := <-k.came
		if !ok {
			return 0, io.EOF
		}
		k.rest = more
	}
	n := copy(p, k.rest)
	k.rest = k.rest[n:]
	return n, nil
}

// A client that never says anything is closed as any idle one is, with a code that means no fault.
func TestAnIdleConnectionIsClosed(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		began := time.Now()
		if _, err := c.read(); !errors.Is(err, io.EOF) {
			t.Errorf("an idle connection: %v, want it closed", err)
		}
		if took := time.Since(began).Round(time.Second); took != 5*time.Minute || websocket.CloseStatus(c.closed) != websocket.StatusNormalClosure {
			t.Errorf("it was closed after %v: %v", took, c.closed)
		}
	})
}
