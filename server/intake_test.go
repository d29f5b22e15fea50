package server

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/relay/relaytest"
)

// What a connection takes of a client, as its package has it.
const (
	mostPerSecond = 1 << 20 // bytes
	countedAs     = 256     // bytes that a message counts beyond its own
	refusedAs     = 4 << 10 // bytes that a refused one counts beyond that
	messageTime   = 10 * time.Second
)

// A client that sends more than any text needs waits for its connection, so that no other waits for the processor.
func TestAClientThatSendsTooFastIsHeldBack(t *testing.T) {
	const size, messages = 100 << 10, 64
	tests := map[string]struct {
		send  func(c *client) error
		bytes int // that count, of all messages
	}{
		"long messages": {
			func(c *client) error { return c.write(`{"type":"ping","x":"` + strings.Repeat(" ", size) + `"}`) },
			messages * size,
		},
		"long pings": {
			func(c *client) error {
				var err error
				for range size / 125 {
					_, err = websocketNetConn(c).Write(append([]byte{0x89, 0xfd, 0, 0, 0, 0}, make([]byte, 125)...))
				}
				return err
			},
			messages * size,
		},
		"short messages": {
			func(c *client) error {
				var err error
				for range 200 {
					err = c.write(`{"type":"ping"}`)
				}
				return err
			},
			messages * 200 * countedAs,
		},
		"refused messages": {
			func(c *client) error {
				var err error
				for range 20 {
					err = c.write(`{"type":"flush","generation_id":"g"}`)
				}
				return err
			},
			messages * 20 * refusedAs,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				c := r.dial("")
				c.conn.SetReadLimit(-1)
				reads := make(chan struct{})
				go func() {
					defer close(reads)
					for {
						if _, _, err := c.conn.Read(context.Background()); err != nil {
							return
						}
					}
				}()
				begun := time.Now()
				for range messages {
					if err := tt.send(c); err != nil {
						t.Fatal(err)
					}
				}
				took := time.Since(begun)
				_ = c.conn.CloseNow()
				<-reads
				least := time.Duration(tt.bytes/mostPerSecond-2) * time.Second // the first second's are read at once
				if took < least {
					t.Errorf("all was read within %v, want at least %v", took, least)
				}
			})
		})
	}
}

// A message that never ends holds memory: it is to come whole, however much is said between its frames.
func TestAMessageThatNeverEndsEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		c := r.dial("")
		wire := websocketNetConn(c)
		begun := time.Now()
		_, err := wire.Write(append([]byte{0x01, 0xfe, 0xff, 0xff, 0, 0, 0, 0}, make([]byte, 1<<16-1)...))
		for err == nil { // pings show life
			time.Sleep(time.Second)
			_, err = wire.Write([]byte{0x89, 0x80, 0, 0, 0, 0})
		}
		if took := time.Since(begun); took < messageTime || took > messageTime+5*time.Second {
			t.Errorf("the connection ended after %v, want about %v", took, messageTime)
		}
	})
}

// A whole message, and then silence, is no message that never ends.
func TestSilenceBetweenMessagesIsNoUnendedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		c := r.dial("")
		go func() { // answers pings
			for {
				if kind, _, err := c.conn.Read(context.Background()); err != nil || kind == websocket.MessageBinary {
					return
				}
			}
		}()
		c.send(`{"type":"ping"}`)
		time.Sleep(2 * messageTime)
		if err := c.write(`{"type":"ping"}`); err != nil {
			t.Errorf("the connection is over: %v", err)
		}
		_ = c.conn.CloseNow()
	})
}
