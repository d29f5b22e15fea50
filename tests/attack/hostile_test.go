package attack

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// secretText stands in what hostile clients have spoken; it must not be logged.
const secretText = "0rch1d"

// A hostile is what attacks are made with: it acts until its context ends, and holds what it has opened until then.
// Whatever the relay answers, it goes on.
type hostile struct {
	address string // of the relay
	ctx     context.Context
	acts    atomic.Int64

	wg     sync.WaitGroup
	mu     sync.Mutex
	opened []io.Closer
}

// did counts what was done.
func (h *hostile) did(n int) { h.acts.Add(int64(n)) }

// keep has something closed when the attack is over.
func (h *hostile) keep(c io.Closer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.opened = append(h.opened, c)
}

// finish closes what was opened, and waits for all that acts.
func (h *hostile) finish() {
	h.mu.Lock()
	for _, c := range h.opened {
		_ = c.Close() // the relay may have closed it
	}
	h.mu.Unlock()
	h.wg.Wait()
}

// over reports that the attack has ended.
func (h *hostile) over() bool { return h.ctx.Err() != nil }

// hold waits for the end of the attack.
func (h *hostile) hold() { <-h.ctx.Done() }

// each acts at so many places at once, at each so often a second: not as fast as goes, since the attacker's work would
// take the cores that the relay is measured on. It returns at the attack's end.
func (h *hostile) each(places, perSecond int, act func() error) {
	for range places {
		h.wg.Go(func() {
			pace := time.NewTicker(time.Second / time.Duration(perSecond))
			defer pace.Stop()
			for !h.over() {
				if act() == nil {
					h.did(1)
				}
				select {
				case <-pace.C:
				case <-h.ctx.Done():
				}
			}
		})
	}
	h.hold()
}

// dial opens a connection that sends some bytes.
func (h *hostile) dial(request string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(h.ctx, "tcp", h.address)
	if err != nil {
		return nil, err
	}
	h.keep(conn)
	_, err = conn.Write([]byte(request))
	return conn, err
}

// request does one request and reads its answer.
func (h *hostile) request(method, path, key, body string) error {
	req, err := http.NewRequestWithContext(h.ctx, method, "http://"+h.address+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := impatient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// impatient keeps no connection: those that it would keep are the relay's as well.
var impatient = &http.Client{Transport: &http.Transport{
	DisableKeepAlives: true, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
}}

// A socket is a WebSocket whose frames and reading the attack makes itself.
type socket struct {
	h    *hostile
	conn net.Conn
	in   *bufio.Reader
}

// upgrade opens a WebSocket that reads nothing unless it is told to.
func (h *hostile) upgrade(query string, headers ...string) (*socket, error) {
	conn, err := h.dial(fmt.Sprintf("GET /v1/speech?%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Authorization: Bearer %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n", query, h.address, hostileKey,
		base64.StdEncoding.EncodeToString([]byte("0123456789abcdef")), strings.Join(headers, "")))
	if err != nil {
		return nil, err
	}
	s := &socket{h, conn, bufio.NewReader(conn)}
	res, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		_ = conn.Close() // nothing was asked of it
		return nil, errors.New(res.Status)
	}
	return s, nil
}

// Heads of frames.
const (
	text     = 0x81
	begins   = 0x01 // a text of several frames
	goesOn   = 0x00
	ping     = 0x89
	deflated = 0xc1
)

// frame makes a frame that is masked with zeros, which any server takes.
func frame(head byte, data []byte) []byte {
	b := []byte{head}
	switch {
	case len(data) < 126:
		b = append(b, 0x80|byte(len(data)))
	case len(data) < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(len(data)))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(len(data)))
	}
	return append(append(b, 0, 0, 0, 0), data...)
}

// write sends bytes, but does not wait for a relay that takes none: that is a bound, too.
func (s *socket) write(b []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		return err
	}
	_, err := s.conn.Write(b)
	return err
}

// frames sends the same frame so many times in one write.
func (s *socket) frames(n int, head byte, data []byte) error {
	return s.write(bytes.Repeat(frame(head, data), n))
}

type j = map[string]any

func (s *socket) send(command j) error {
	data, err := json.Marshal(command)
	if err != nil {
		return err
	}
	return s.write(frame(text, data))
}

// drain reads what comes and forgets it.
func (s *socket) drain() {
	s.h.wg.Go(func() { _, _ = io.Copy(io.Discard, s.in) }) // it ends with the connection
}

// sockets opens so many, one after the other; those that are refused are left out.
func (h *hostile) sockets(n int, query string) []*socket {
	var all []*socket
	for range n {
		if s, err := h.upgrade(query); err == nil {
			all = append(all, s)
		}
	}
	return all
}

// polite opens a connection by a library that answers pings and closes, and reads it to its end.
func (h *hostile) polite(query string) (*websocket.Conn, error) {
	conn, err := connect(h.ctx, h.address, hostileKey, query)
	if err != nil {
		return nil, err
	}
	h.wg.Go(func() {
		for {
			if _, _, err := conn.Read(h.ctx); err != nil {
				return
			}
		}
	})
	return conn, nil
}
