package delivery

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/tcp"
)

// line is a socket to a client that a test plays.
type line struct {
	*socket
	out    *Outbox
	client net.Conn
}

func newLine(t *testing.T) *line {
	t.Helper()
	if !tcp.Direct {
		t.Skip("in this build the writer alone writes")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s := newSocket(server, limits.Config{WriteTimeout: time.Minute}, prometheus.NewHistogram(prometheus.HistogramOpts{Name: "delay"}))
	return &line{s, NewOutbox(noWriter{}, nil), client}
}

// writesDirect writes directly, a while after what was sent last.
func (l *line) writesDirect() bool {
	l.taken.Store(time.Now().Add(-minDirectGap).UnixNano())
	return l.writeDirect(l.out)
}

// stuff sends until the client, which does not read, takes no more, and returns how many messages went out, the one that
// stuck included.
func (l *line) stuff(t *testing.T, size int) int {
	t.Helper()
	for n := 1; n < 10_000; n++ {
		l.out.Send(TextMessage(bytes.Repeat([]byte("x"), size)))
		if !l.writesDirect() {
			return n
		}
	}
	t.Fatal("a client that does not read takes everything")
	return 0
}

// frames reads n frames of a server.
func (l *line) frames(t *testing.T, n int) (bodies []string) {
	t.Helper()
	for range n {
		var head [4]byte
		if _, err := io.ReadFull(l.client, head[:2]); err != nil {
			t.Fatal(err)
		}
		length := int(head[1])
		if length == 126 {
			if _, err := io.ReadFull(l.client, head[2:]); err != nil {
				t.Fatal(err)
			}
			length = int(binary.BigEndian.Uint16(head[2:]))
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(l.client, body); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(body))
	}
	return bodies
}

func TestDirectWriteSendsWhatWaits(t *testing.T) {
	l := newLine(t)
	if !l.writesDirect() {
		t.Error("there is nothing to do, and the writer is asked for")
	}
	l.out.Send(TextMessage([]byte("one")))
	l.out.Send(TextMessage([]byte("two")))
	l.taken.Store(time.Now().Add(time.Hour).UnixNano())
	if l.writeDirect(l.out) {
		t.Error("sent close behind the last bytes, though the writer could send several at once")
	}
	if !l.writesDirect() {
		t.Error("a client with room takes no two messages")
	}
	if got := strings.Join(l.frames(t, 2), " "); got != "one two" {
		t.Errorf("the client got %q", got)
	}
	l.out.closeAfter(closeFrame{closeIdle, "idle"})
	if l.writesDirect() {
		t.Error("the connection is to be closed, and the writer is not asked for")
	}
}

// What a direct write can't do is the writer's: to close the connection, and to look after a quiet client.
func TestDirectWriteLeavesClosingToTheWriter(t *testing.T) {
	l := newLine(t)
	l.out.Send(TextMessage([]byte("done")))
	l.out.closeAfter(closeFrame{closeIdle, "idle"})
	if l.writesDirect() {
		t.Error("the connection is to be closed behind what was sent, and the writer is not asked for")
	}
	if got := l.frames(t, 1)[0]; got != "done" {
		t.Errorf("the client got %q", got)
	}
	l = newLine(t)
	c := NewConn(nil, ConnConfig{})
	c.outbox, c.sock = l.out, l.socket
	l.taken.Store(time.Now().Add(-minDirectGap).UnixNano())
	c.NoteIdle()
	if c.WriteDirect() {
		t.Error("the client is to be looked after, and the writer is not asked for")
	}
	if c.idleTimer.Store(false); !c.WriteDirect() {
		t.Error("there is nothing to do, and the writer is asked for")
	}
}

// What is queued waits until the session begins.
func TestNothingIsSentBeforeBegin(t *testing.T) {
	c := NewConn(nil, ConnConfig{Limits: limits.Default()})
	c.run = func() { t.Error("the writer runs before the session") }
	c.Send(TextMessage([]byte("ready")))
	c.NoteIdle()
	c.Send(TextMessage([]byte("draining")))
	if got := c.wakes.Load(); got != 0 {
		t.Errorf("woken %d times", got)
	}
}

// A long list of messages is not kept for the connection's life.
func TestLongBatchIsNotKept(t *testing.T) {
	l := newLine(t)
	for range maxKeptBatch + 1 {
		l.out.Send(TextMessage([]byte("x")))
	}
	if err := l.drain(l.out); err != nil {
		t.Fatal(err)
	}
	if l.batch != nil {
		t.Errorf("kept room for %d messages", cap(l.batch))
	}
}

// A direct write waits neither for the client nor for a goroutine that waits for the client. If it leaves a part of a message, that is
// finished before anything else is sent, whichever goroutine sends next.
func TestPartialDirectWriteKeepsTheOrder(t *testing.T) {
	l := newLine(t)
	const size = 7000
	n := l.stuff(t, size)
	l.out.Send(TextMessage([]byte("behind")))
	if l.writesDirect() {
		t.Error("one message is stuck, and the next is said to be sent")
	}
	var writer sync.WaitGroup
	writer.Go(func() {
		if _, err := l.Write([]byte{0x81, 2, 'h', 'i'}); err != nil { // as the library does, whole frames
			t.Errorf("Write: %v", err)
		}
		if err := l.drain(l.out); err != nil {
			t.Errorf("drain: %v", err)
		}
	})
	defer writer.Wait()
	for i, body := range l.frames(t, n) {
		if len(body) != size || strings.Trim(body, "x") != "" {
			t.Fatalf("message %d of %d is not as it was sent", i, n)
		}
	}
	if got := strings.Join(l.frames(t, 2), " "); got != "hi behind" {
		t.Errorf("then came %q", got)
	}
}

// Whoever sends, and however slowly the client reads, it gets every message once and in order.
func TestConcurrentDirectWritesKeepTheOrder(t *testing.T) {
	l := newLine(t)
	const senders, each = 4, 500
	var writer, readers sync.WaitGroup
	woken := make(chan struct{}, 1)
	writer.Go(func() {
		for range woken {
			if err := l.drain(l.out); err != nil {
				t.Errorf("drain: %v", err)
			}
		}
	})
	for i := range senders {
		lane := released(l.out, nil, func() {})
		readers.Go(func() {
			for j := range each {
				m := NewMessage(websocket.MessageText, 8000)
				m.Buf = append(m.Buf, byte('a'+i), byte(j), byte(j>>8))
				m.Buf = append(m.Buf, bytes.Repeat([]byte("-"), 5000)...)
				lane.Push(m)
				if !l.writesDirect() {
					select {
					case woken <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	var next [senders]int
	for range senders * each {
		body := l.frames(t, 1)[0]
		i, j := body[0]-'a', int(body[1])|int(body[2])<<8
		if j != next[i] {
			t.Fatalf("sender %d: got message %d, want %d", i, j, next[i])
		}
		next[i]++
	}
	readers.Wait()
	close(woken)
	writer.Wait()
}

// A client that is gone ends the writer, not the vendor's reader.
func TestDirectWriteLeavesErrorsToTheWriter(t *testing.T) {
	l := newLine(t)
	if err := l.Conn.Close(); err != nil {
		t.Fatal(err)
	}
	l.out.Send(TextMessage([]byte("x")))
	if l.writesDirect() {
		t.Error("sent to a closed connection")
	}
	if err := l.drain(l.out); err == nil {
		t.Error("the writer has met no error")
	}
}

// Neither a direct write nor the writer's way allocates.
func TestSendingAllocatesNothing(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	l := newLine(t)
	lane := released(l.out, nil, func() {})
	body, buf := bytes.Repeat([]byte("x"), 6400), make([]byte, 6404)
	ways := map[string]func(){
		"direct": func() { l.writesDirect() },
		"writer": func() { _ = l.drain(l.out) }, // what fails is not received
	}
	for name, send := range ways {
		got := testing.AllocsPerRun(200, func() {
			m := NewMessage(websocket.MessageText, 8000)
			m.Buf = append(m.Buf, body...)
			m.Samples, m.Queued = 2400, time.Now()
			lane.Push(m)
			send()
			if _, err := io.ReadFull(l.client, buf); err != nil {
				t.Fatal(err)
			}
		})
		if got != 0 {
			t.Errorf("%s: %v allocations a frame, want none", name, got)
		}
	}
}

// An end that says nothing gives the turn to the next generation, and the client gets no message for it. An empty message that
// is no end is sent.
func TestEndsThatSayNothingAreNotSent(t *testing.T) {
	l, turn := newLine(t), &Turn{}
	first, second := released(l.out, turn, func() {}), released(l.out, turn, func() {})
	first.Push(audioMessage("one"))
	second.Push(audioMessage("three"))
	first.End(TextMessage(nil))
	l.out.Send(OwnMessage(messagePong, nil))
	if !l.writesDirect() {
		t.Error("something is left")
	}
	if got := strings.Join(l.frames(t, 3), " "); got != " one three" {
		t.Errorf("the client got %q", got)
	}
}
