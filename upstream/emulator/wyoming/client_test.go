package wyoming

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const (
	text  = "One two three four five six. Seven eight nine ten eleven twelve."
	other = "Thirteen fourteen fifteen."
	joe   = "en_US-joe-medium"
)

// client is a client in the test's bubble.
type client struct {
	*testing.T
	conn   net.Conn
	server *engine.Server
	all    <-chan arrival
}

// arrival is an event, or what has ended the connection.
type arrival struct {
	event
	err error
}

func connect(t *testing.T, w *enginetest.Wire) client {
	t.Helper()
	return receive(t, w.Server, w.Pipe(t))
}

// receive is a client on a connection, which it reads from now on.
func receive(t *testing.T, server *engine.Server, conn net.Conn) client {
	all := make(chan arrival, 1<<12)
	go func() { // ends with the connection, which is waited for
		r := bufio.NewReaderSize(conn, maxLine)
		for {
			e, err := readEvent(r)
			if err == nil && e.kind == "ping" {
				continue
			}
			all <- arrival{e, err}
			if err != nil {
				return
			}
		}
	}()
	return client{T: t, conn: conn, server: server, all: all}
}

// on runs a test with a client of a server of its own.
func on(t *testing.T, o engine.Options, quirks []string, test func(c client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(connect(t, enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks})))
	})
}

// send sends events. That the server has ended shows when its answers are read.
func (c client) send(events ...event) {
	for _, e := range events {
		_, _ = c.conn.Write(e.bytes(false, true))
	}
}

// next is the next event, or what has ended the connection; context.DeadlineExceeded: nothing comes for a minute.
func (c client) next() arrival {
	select {
	case a := <-c.all:
		return a
	case <-time.After(time.Minute):
		return arrival{err: context.DeadlineExceeded}
	}
}

// heard is what came up to an event.
type heard struct {
	kinds []string // of all events, several in a row counted once
	raw   []byte
	sizes []int // of chunks, in bytes
	rate  int
	first time.Duration
	took  time.Duration
	last  arrival
}

func (h heard) said() string { return strings.Join(h.kinds, " ") }

func (h heard) length() time.Duration {
	if h.rate == 0 {
		return 0
	}
	return audio.Duration(int64(len(h.raw)/2), h.rate)
}

// until reads up to an event of a kind, or the end.
func (c client) until(kind string) (h heard) {
	began := time.Now()
	for {
		a := c.next()
		h.last = a
		h.took = time.Since(began)
		if a.err != nil {
			return h
		}
		if len(h.kinds) == 0 || h.kinds[len(h.kinds)-1] != a.kind {
			h.kinds = append(h.kinds, a.kind)
		}
		if a.kind == "audio-chunk" {
			if h.raw == nil {
				h.first = h.took
			}
			h.raw, h.sizes = append(h.raw, a.payload...), append(h.sizes, len(a.payload))
		}
		if rate, ok := a.data["rate"].(float64); ok {
			h.rate = int(rate)
		}
		if a.kind == kind {
			return h
		}
	}
}

func (c client) wantWords(h heard, want string) {
	c.Helper()
	enginetest.WantWords(c.T, h.raw, audio.Format{Encoding: audio.PCM16, Rate: h.rate}, want)
}

func synthesize(text, voice string) event {
	data := map[string]any{"text": text}
	if voice != "" {
		data["voice"] = map[string]any{"name": voice}
	}
	return event{kind: "synthesize", data: data}
}
