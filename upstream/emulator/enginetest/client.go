package enginetest

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

// ErrUnreadable is the end of a client that was sent what is no JSON.
var ErrUnreadable = errors.New("no JSON")

// InMemory is a connection to an emulator in the test's bubble.
func InMemory(t *testing.T, vendor engine.Vendor, path string, header http.Header, o engine.Options) (*engine.Server, *websocket.Conn) {
	t.Helper()
	server := engine.New(vendor, o)
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
	conn, _, err := websocket.Dial(t.Context(), upstreamtest.URL+path, &websocket.DialOptions{HTTPClient: client, HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return server, conn
}

// Arrival is a message, or the connection's end.
type Arrival struct {
	Binary bool
	Data   []byte
	Err    error
}

// Receive reads all along, since a connection in memory keeps nothing: a server that writes would not read.
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

// Within is the next of what arrives, for a minute at most.
func Within(all <-chan Arrival) Arrival {
	select {
	case r := <-all:
		return r
	case <-time.After(time.Minute):
		return Arrival{Err: context.DeadlineExceeded}
	}
}

// HearWords are the words in samples at 24 kHz.
func HearWords(t *testing.T, raw []byte, vocabulary []string) []string {
	t.Helper()
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	words, err := voice.Decode(pcm, engine.NativeRate, vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// Upgrade asks for a connection over plain HTTP, to see how it is answered.
func Upgrade(t *testing.T, base, address string, headers map[string]string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(base, "ws", "http", 1)+address, nil)
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
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// Samples reads a format's bytes.
func Samples(t *testing.T, f engine.OutputFormat, raw []byte) []int16 {
	t.Helper()
	from := audio.Format{Encoding: audio.PCM16, Rate: f.Rate}
	switch f.Codec {
	case "ulaw":
		from.Encoding = audio.MuLaw
	case "alaw":
		from.Encoding = audio.ALaw
	}
	if from.Encoding != audio.PCM16 {
		c, err := audio.NewConverter(from, audio.Format{Encoding: audio.PCM16, Rate: f.Rate})
		if err != nil {
			t.Fatal(err)
		}
		raw = c.Flush(c.Convert(nil, raw))
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return pcm
}
