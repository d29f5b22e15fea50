package server

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"voicerelay/relay/relaytest"
)

// unread sends what message makes until the relay has had enough, and reads nothing meanwhile. It returns the bytes of
// what was left unread, and how the connection was closed.
func unread(t *testing.T, message func(i int) []byte) (size int, closed websocket.StatusCode) {
	t.Helper()
	r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
	c := r.dial("")
	for i := range 6000 { // more than any bound lets wait
		if err := c.conn.Write(context.Background(), websocket.MessageText, message(i)); err != nil {
			t.Fatal(err)
		}
	}
	for {
		_, data, err := c.conn.Read(context.Background())
		if err != nil {
			return size, websocket.CloseStatus(err)
		}
		size += len(data)
	}
}

// maxUnread is how many bytes of answers the outbox of a session keeps.
const maxUnread = 1 << 20

// Whatever a client has answered, and does not read, is bounded.
func TestAnswersThatNobodyReadsAreBounded(t *testing.T) {
	long := strings.Repeat(`\u0001`, 60)
	tests := map[string]func(i int) []byte{
		"configured": func(int) []byte {
			return []byte(`{"type":"configure","metadata":{"a":"` + strings.Repeat("x", 256) + `"},"provider_options":{"alpha":{}}}`)
		},
		"errors with the client's names": func(int) []byte { return []byte(`{"type":"ping","` + long + `":1}`) },
		"refused settings":               func(int) []byte { return []byte(`{"type":"configure","voice":"` + strings.Repeat("v", 200) + `"}`) },
		"pongs":                          func(int) []byte { return []byte(`{"type":"ping","id":"` + strings.Repeat(`\u0001`, 128) + `"}`) },
		"unknown ids": func(i int) []byte {
			return fmt.Appendf(nil, `{"type":"cancel","generation_id":"%s%d"}`, strings.Repeat("g", 120), i)
		},
		"duplicates": func(int) []byte { return []byte(generate("g1", "Hello.", "")) },
	}
	for name, message := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				size, closed := unread(t, message)
				if closed != websocket.StatusPolicyViolation {
					t.Errorf("closed with %d, want 1008", closed)
				}
				if most := maxUnread + 64<<10; size > most { // what was being sent, and the generation's own
					t.Errorf("%d bytes were kept for a client that reads nothing, want at most %d", size, most)
				}
			})
		})
	}
}

// A configure is answered with all defaults, so that it has a rate: that of generates, and one a second for those who may
// speak less often.
func TestConfiguresAreRated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		for range configuresAtLeast {
			c.send(`{"type":"configure","speed":1.5}`)
			c.until("configured")
		}
		c.send(`{"type":"configure","speed":2}`)
		refused, _ := c.until("error")
		if refused["code"] != "rate_limit_exceeded" || refused["command"] != "configure" || refused["retry_after_ms"] != 1000.0 {
			t.Errorf("got %v", refused)
		}
	})
}
