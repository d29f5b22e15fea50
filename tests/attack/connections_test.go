package attack

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"
	"time"
)

// connections are what somebody with a key can do with connections and frames.
func connections() []attack {
	return []attack{
		{name: "all connections", does: allConnections, least: 25, grows: 32},
		{name: "connections without a request", does: silentConnections, least: 125, grows: 32},
		{name: "messages that never end", does: endlessMessages, least: 50, grows: 64},
		{name: "refused texts, each with an id of its own", does: refusedIDs, least: 500, grows: 160},
		{name: "connections that come and go", does: comeAndGo, least: 50, grows: 32},
		{name: "pings, pongs unread", does: pingFlood, least: 10_000, grows: 32},
		{name: "a message in frames of one byte", does: framesOfOneByte, least: 100_000, grows: 32},
		{name: "compressed frames", does: compressedFrames, least: 4, grows: 32},
		{name: "lengths that never come", does: lengthsThatNeverCome, least: 25, grows: 32},
		{name: "long lists of subprotocols", does: subprotocols, least: 20, grows: 32},
	}
}

func allConnections(h *hostile) {
	for range 600 {
		if conn, err := h.polite(""); err == nil {
			defer conn.CloseNow()
		}
		h.did(1)
	}
	h.hold()
}

func silentConnections(h *hostile) {
	for range 1500 {
		if _, err := h.dial(""); err == nil {
			h.did(1)
		}
	}
	h.hold()
}

// endlessMessages send most of the longest message, and say that they are alive from then on.
func endlessMessages(h *hostile) {
	for _, s := range h.sockets(100, "") {
		s.drain()
		h.wg.Go(func() {
			_ = s.write(frame(begins, bytes.Repeat([]byte(" "), 250_000)))
			for !h.over() && s.write(frame(ping, nil)) == nil {
				h.did(1)
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	h.hold()
}

// refusedIDs fill what a connection remembers of ids, which texts that are refused do as well.
func refusedIDs(h *hostile) {
	h.unread(40, 40, text, func(i int) string {
		return generate(fmt.Sprint(i, strings.Repeat("i", 110)), `"text":"","voice":"none"`)
	})
}

func comeAndGo(h *hostile) {
	h.each(4, 40, func() error {
		conn, err := connect(h.ctx, h.address, hostileKey, "")
		if err != nil {
			return err
		}
		return conn.CloseNow()
	})
}

func pingFlood(h *hostile) {
	payload := strings.Repeat("p", 125)
	h.unread(8, 100, ping, func(int) string { return payload })
}

func framesOfOneByte(h *hostile) {
	for _, s := range h.sockets(8, "") {
		s.drain()
		h.wg.Go(func() {
			_ = s.write(frame(begins, []byte(`{"type":"ping","id":"`)))
			for !h.over() && s.frames(1000, goesOn, []byte("a")) == nil {
				h.did(1000)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	h.hold()
}

// compressedFrames are 16 MB of zeros in a message that is small, whether the relay has agreed to compression or not.
func compressedFrames(h *hostile) {
	var bomb bytes.Buffer
	w, err := flate.NewWriter(&bomb, flate.BestCompression)
	if err != nil {
		return
	}
	_, _ = w.Write(make([]byte, 16<<20)) // to memory
	_ = w.Flush()
	h.each(4, 20, func() error {
		s, err := h.upgrade("", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
		if err != nil {
			return err
		}
		return s.write(frame(deflated, bomb.Bytes()))
	})
}

// lengthsThatNeverCome announce a frame of 200 KB, or of more than there is memory, and send a byte.
func lengthsThatNeverCome(h *hostile) {
	heads := [][]byte{
		{text, 0xff, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, '{'},
		{text, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, '{'},
	}
	for i, s := range h.sockets(150, "") {
		if s.write(heads[i%2]) == nil {
			h.did(1)
		}
	}
	h.hold()
}

func subprotocols(h *hostile) {
	list := "Sec-WebSocket-Protocol: " + strings.Repeat("voice-relay.v0, ", 700) + "voice-relay.v1\r\n"
	h.each(4, 40, func() error {
		s, err := h.upgrade("", list)
		if err == nil {
			err = s.conn.Close()
		}
		return err
	})
}
