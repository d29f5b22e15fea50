package tests

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// receiveBuffer is small compared with the audio of these tests, so that the relay soon feels that nothing is taken, and larger
// than a segment on loopback, or TCP itself would crawl.
const receiveBuffer = 128 << 10

// A rawSocket is a WebSocket whose reading the test paces itself. The client can't be used for this: it always reads.
type rawSocket struct {
	t    *testing.T
	conn *net.TCPConn
	in   *bufio.Reader
}

func (r *relay) rawDial(t *testing.T, query string) *rawSocket {
	t.Helper()
	address := strings.TrimPrefix(r.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // closed already where the test has done so
	tcp := conn.(*net.TCPConn)
	if err := tcp.SetReadBuffer(receiveBuffer); err != nil {
		t.Fatal(err)
	}
	s := &rawSocket{t, tcp, bufio.NewReaderSize(tcp, 1024)}
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	s.write(fmt.Appendf(nil, "GET /v1/speech?%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", query, address, base64.StdEncoding.EncodeToString(key)))
	res, err := http.ReadResponse(s.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %s", res.Status)
	}
	return s
}

func (s *rawSocket) write(b []byte) {
	s.t.Helper()
	if err := s.conn.SetWriteDeadline(time.Now().Add(deadline)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.conn.Write(b); err != nil {
		s.t.Fatalf("send: %v", err)
	}
}

// send sends a command in a frame masked with zeros, which any server takes.
func (s *rawSocket) send(cmd j) {
	s.t.Helper()
	data, err := json.Marshal(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	s.frame(0x81, data)
}

// frame sends one frame; head is FIN and the opcode.
func (s *rawSocket) frame(head byte, data []byte) {
	s.t.Helper()
	b := []byte{head, 0x80 | 126}
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	b = append(b, 0, 0, 0, 0)
	s.write(append(b, data...))
}

// next reads one frame.
func (s *rawSocket) next() (opcode byte, payload []byte, err error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		return 0, nil, err
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(s.in, head); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1])
	if more := map[uint64]int{126: 2, 127: 8}[n]; more > 0 {
		long := make([]byte, 8)
		if _, err := io.ReadFull(s.in, long[8-more:]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(long)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(s.in, payload)
	return head[0] & 0x0f, payload, err
}

// message reads the next message, past pings.
func (s *rawSocket) message(t *testing.T) message {
	t.Helper()
	opcode, payload, err := s.next()
	if err != nil {
		t.Fatal(err)
	}
	if opcode != 1 {
		return message{kind: "control"}
	}
	m, err := parseText(payload)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A message may come in several frames, with a ping between them.
func TestFragmentedMessages(t *testing.T) {
	t.Parallel()
	s := serve(t, speaksByOne(emulate(t, emulator.Options{}))).rawDial(t, "")
	s.frame(0x01, []byte(`{"type":"pi`))
	s.frame(0x00, []byte(`ng","id":`))
	s.write([]byte{0x89, 0x80, 0, 0, 0, 0})
	s.frame(0x80, []byte(`"whole"}`))
	for {
		if m := s.message(t); m.kind == "pong" {
			if m.PongID == nil || *m.PongID != "whole" {
				t.Errorf("answered by %s", m)
			}
			return
		}
	}
}

// What is no WebSocket frame of a client ends the connection, and nothing else.
func TestBrokenFramesEndTheConnectionOnly(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	neighbor := r.dial(t)
	for name, bytes := range map[string][]byte{
		"not masked":             {0x81, 0x02, '{', '}'},
		"reserved bit":           {0xc1, 0x80, 0, 0, 0, 0},
		"unknown opcode":         {0x83, 0x80, 0, 0, 0, 0},
		"continuation of none":   {0x80, 0x80, 0, 0, 0, 0},
		"endless length":         {0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		"long ping":              {0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0},
		"ping in several frames": {0x09, 0x80, 0, 0, 0, 0},
	} {
		s := r.rawDial(t, "")
		s.write(bytes)
		for {
			opcode, _, err := s.next()
			if err != nil || opcode == 8 {
				break
			}
		}
		neighbor.barrier()
		_ = s.conn.Close() // the relay has closed it
		t.Logf("%s: closed", name)
	}
	r.awaitMetric(t, "relay_connections", func(n float64) bool { return n == 1 })
}

// Who opens a connection and never finishes asking is not waited for.
func TestAHalfRequestIsDropped(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the relay has closed it
	if _, err := conn.Write([]byte("GET /v1/speech HTTP/1.1\r\nHost: localhost\r\n")); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := conn.SetReadDeadline(begun.Add(deadline)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("still open after %v: %v", time.Since(begun), err)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("dropped after %v, want about 10s", took)
	}
}
