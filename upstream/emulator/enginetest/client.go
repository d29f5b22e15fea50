package enginetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

// ErrUnreadable is the end of a client that was sent what is no JSON.
var ErrUnreadable = errors.New("no JSON")

// Wire is an emulator in the test's bubble, and how its clients reach it.
type Wire struct {
	Server *engine.Server

	client *http.Client
	codec  *Codec
}

// Serve serves an emulator whose seed has drawn the dialect's quirks, until the test ends.
// The quirks are logged where the test fails, since without them nobody can repeat it.
func Serve(t *testing.T, d Dialect) *Wire {
	t.Helper()
	d.Options.Seed = d.Seed(t, Line{})
	server := engine.New(d.Vendor, d.Options)
	client, stop := upstreamtest.Serve(server)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		stop()
		if t.Failed() {
			t.Log(server.Quirks())
		}
	})
	return &Wire{server, client, d.Codec}
}

// Dial opens a socket, which the test must read: a connection in memory keeps nothing.
func (w *Wire) Dial(t *testing.T, address string, header http.Header) *websocket.Conn {
	t.Helper()
	conn, _, err := w.TryDial(t, address, header)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TryDial opens a socket, or tells how that was refused.
func (w *Wire) TryDial(t *testing.T, address string, header http.Header) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), upstreamtest.URL+address, &websocket.DialOptions{HTTPClient: w.client, HTTPHeader: header})
	if err == nil {
		conn.SetReadLimit(1 << 22) // some vendors repeat what they were sent
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, response, err
}

// Connect opens a socket with a client that reads it.
func (w *Wire) Connect(t *testing.T, address string, header http.Header) *Client {
	t.Helper()
	c := Attach(t, w.Server, w.Dial(t, address, header))
	c.codec = w.codec
	return c
}

// Attach is a client on a socket that is open, which it reads from now on.
func Attach(t *testing.T, server *engine.Server, conn *websocket.Conn) *Client {
	return &Client{T: t, Server: server, Conn: conn, all: Receive(conn)}
}

// Client is a client on one socket of an emulator, in the test's bubble.
type Client struct {
	T      *testing.T
	Server *engine.Server
	Conn   *websocket.Conn

	all   <-chan Arrival
	codec *Codec // nil: messages are JSON
}

// Connect connects a client to an emulator of its own.
func Connect(t *testing.T, d Dialect, address string, header http.Header) *Client {
	t.Helper()
	return Serve(t, d).Connect(t, address, header)
}

// EachSeed runs a test for some seeds, each in a bubble.
// Eight seeds meet both settings of nearly each quirk, and do not take long; AllDrawn looks for the rest.
func EachSeed(t *testing.T, d Dialect, address string, header http.Header, test func(*Client)) {
	t.Helper()
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			d.Options.Seed = seed
			synctest.Test(t, func(t *testing.T) { test(Connect(t, d, address, header)) })
		})
	}
}

// Send sends messages.
func (c *Client) Send(messages ...string) {
	c.T.Helper()
	for _, m := range messages {
		if err := c.codec.write(c.T.Context(), c.Conn, m); err != nil {
			c.T.Fatalf("send: %v", err)
		}
	}
}

// SendJSON sends an object.
func (c *Client) SendJSON(o engine.Object) {
	c.T.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		c.T.Fatal(err)
	}
	c.Send(string(body))
}

// Drop forgets what has come so far, once what was sent has arrived.
func (c *Client) Drop() {
	synctest.Wait()
	for len(c.all) > 0 {
		<-c.all
	}
}

// Next is the next message, or what has ended the connection; context.DeadlineExceeded: nothing comes for a minute.
func (c *Client) Next() Arrival { return c.NextWithin(time.Minute) }

// NextWithin is Next for so long.
// The time is the bubble's, so it costs nothing.
func (c *Client) NextWithin(d time.Duration) Arrival {
	select {
	case r := <-c.all:
		return c.codec.read(r)
	case <-time.After(d):
		return Arrival{Err: context.DeadlineExceeded}
	}
}

// Fields are the next message's, which there must be.
func (c *Client) Fields() map[string]any {
	c.T.Helper()
	r := c.Next()
	fields, err := Fields(r.Data)
	if err = errors.Join(r.Err, err); err != nil {
		c.T.Fatalf("got %q, %v (%s)", r.Data, err, c.Server.Quirks())
	}
	return fields
}

// Audio is what a field of a message has in base64.
func Audio(t *testing.T, field any) []byte {
	t.Helper()
	encoded, _ := field.(string)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) == 0 {
		t.Fatalf("audio %q: %v", encoded, err)
	}
	return raw
}

// Fields are a text frame's: those of its object, besides them what stands before the JSON, and an event's name.
func Fields(text []byte) (map[string]any, error) {
	begin := bytes.IndexAny(text, "{[")
	if begin < 0 {
		return map[string]any{"packet": string(text)}, nil
	}
	var value any
	if err := json.Unmarshal(text[begin:], &value); err != nil {
		return nil, err
	}
	event, isEvent := value.([]any)
	if isEvent && len(event) > 1 {
		value = event[1]
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("no object")
	}
	if isEvent {
		object["event"] = event[0]
	}
	if begin > 0 {
		object["packet"] = string(text[:begin])
	}
	return object, nil
}

// Await waits for the server to have seen what is wanted.
func (c *Client) Await(what string, condition func(engine.Stats) bool) {
	c.T.Helper()
	if !c.Server.WaitFor(condition, time.Minute) {
		c.T.Fatalf("the server never saw %s: %+v (%s)", what, c.Server.Stats(), c.Server.Quirks())
	}
}

// Receive reads all along, since a connection in memory keeps nothing: a server that writes would not read.
// Its queue holds more than any test is sent, or the reader would wait for the test and the server for the reader.
func Receive(conn *websocket.Conn) <-chan Arrival {
	all := make(chan Arrival, 1<<14)
	go func() { // ends with the connection, and the bubble waits for it
		for {
			kind, data, err := conn.Read(context.Background())
			all <- Arrival{kind == websocket.MessageBinary, data, err}
			if err != nil {
				return
			}
		}
	}()
	return all
}

// WantWords wants samples to be a text's words, every one and in order.
// That is how a lost, doubled or reordered frame is noticed: each word is a sound of its own.
func WantWords(t *testing.T, raw []byte, f audio.Format, text string) {
	t.Helper()
	want := voice.Words(text)
	got, err := voice.Decode(Samples(t, f, raw), f.Rate, want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("heard %q, %v, want %q", got, err, want)
	}
}

// Pipe is a connection to a vendor that does not speak HTTP, which the test must read: in memory it keeps nothing.
func (w *Wire) Pipe(t *testing.T) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go w.Server.ServeConn(theirs) // ends with the server, which the bubble waits for
	t.Cleanup(func() { _ = ours.Close() })
	return ours
}

// Request asks a vendor that is asked over HTTP: by POST, or by GET where the body is empty. Its answer is closed with the test.
func (w *Wire) Request(t *testing.T, address string, header http.Header, body []byte) *http.Response {
	t.Helper()
	response, err := w.TryRequest(t, address, header, body)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TryRequest is Request that may fail.
func (w *Wire) TryRequest(t *testing.T, address string, header http.Header, body []byte) (*http.Response, error) {
	t.Helper()
	method := http.MethodGet
	if len(body) > 0 {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(t.Context(), method, strings.Replace(upstreamtest.URL, "ws", "http", 1)+address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, header)
	response, err := w.client.Do(request)
	if err == nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

// Upgrade asks for a connection over plain HTTP, to see how it is answered.
func (w *Wire) Upgrade(t *testing.T, address string, headers map[string]string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(upstreamtest.URL, "ws", "http", 1)+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	handshake := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
	}
	maps.Copy(handshake, headers)
	for name, value := range handshake {
		request.Header.Set(name, value)
	}
	response, err := w.client.Transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// Samples reads a format's bytes.
// An odd number of bytes means that a client has lost one: the rest would be noise.
func Samples(t *testing.T, f audio.Format, raw []byte) []int16 {
	t.Helper()
	if to := (audio.Format{Encoding: audio.PCM16, Rate: f.Rate}); f != to {
		c, err := audio.NewConverter(f, to)
		if err != nil {
			t.Fatal(err)
		}
		raw = c.Flush(c.Convert(nil, raw))
	}
	if len(raw)%2 != 0 {
		t.Errorf("%d bytes are no whole samples", len(raw))
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return pcm
}
