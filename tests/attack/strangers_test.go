package attack

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// strangers have no key.
func strangers() []attack {
	return []attack{
		{name: "bodies that never come", does: bodiesThatNeverCome, least: 75, grows: 32},
		{name: "headers, a byte at a time", does: headersByTheByte, least: 250, grows: 32},
		{name: "headers of a megabyte", does: headersOfAMegabyte, least: 20, grows: 32},
		{name: "requests in a row, answers unread", does: pipelined, least: 250, grows: 48},
		{name: "another protocol's first bytes", does: otherProtocols, least: 50, grows: 32},
		{name: "wrong keys", does: wrongKeys, least: 10, grows: 32},
		{name: "upgrades without a key", does: upgradesWithoutAKey, least: 10, grows: 32},
	}
}

func bodiesThatNeverCome(h *hostile) {
	for i := range 400 {
		path := []string{"/healthz", "/v1/usage", "/nowhere", "/v1/speech"}[i%4]
		method := []string{"GET", "POST"}[i%2]
		if _, err := h.dial(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", method, path)); err == nil {
			h.did(1)
		}
	}
	h.hold()
}

func headersByTheByte(h *hostile) {
	for range 200 {
		conn, err := h.dial("GET /v1/speech HTTP/1.1\r\nX-A: ")
		if err != nil {
			continue
		}
		h.wg.Go(func() {
			for !h.over() {
				if _, err := conn.Write([]byte("a")); err != nil {
					return // the relay has closed it
				}
				h.did(1)
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	h.hold()
}

func headersOfAMegabyte(h *hostile) {
	request := "GET /healthz HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X-Header: "+strings.Repeat("a", 1000)+"\r\n", 1000)
	h.each(4, 20, func() error {
		conn, err := h.dial("")
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
			return err
		}
		_, _ = conn.Write([]byte(request)) // the relay does not take the whole
		return nil
	})
}

func pipelined(h *hostile) {
	request := strings.Repeat("GET /v1/voices HTTP/1.1\r\nHost: h\r\nX-A: "+strings.Repeat("b", 200)+"\r\n\r\n", 20)
	h.each(8, 20, func() error {
		conn, err := h.dial(request)
		if err != nil {
			return err
		}
		h.did(19) // each counts one
		_, err = conn.Write([]byte(request))
		return err
	})
}

func otherProtocols(h *hostile) {
	firsts := []string{
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\xff\xff", 1000),
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 500),
		"\x04\x01\x00\x50\x7f\x00\x00\x01root\x00",
		"GET / HTTP/1.1\nTransfer-Encoding: chunked\nTransfer-Encoding: identity\nContent-Length: 5\n\n0\n\n",
	}
	i := 0
	h.each(1, 100, func() error {
		i++
		_, err := h.dial(firsts[i%len(firsts)])
		return err
	})
}

func wrongKeys(h *hostile) {
	h.each(8, 200, func() error { return h.request(http.MethodGet, "/v1/voices", "k-guess-"+fmt.Sprint(h.acts.Load()), "") })
}

func upgradesWithoutAKey(h *hostile) {
	h.each(4, 100, func() error {
		conn, err := connect(h.ctx, h.address, "k-guess", "")
		if err == nil {
			_ = conn.CloseNow()
			return errors.New("it was let in")
		}
		return nil
	})
}
