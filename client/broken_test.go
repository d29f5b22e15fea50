package client

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// says sends a message as it stands.
func (p *peer) says(kind websocket.MessageType, message string) {
	_ = p.conn.Write(context.Background(), kind, []byte(message)) // a client that left hears nothing
}

// What is no message of the protocol breaks the connection: what was heard ends, the rest goes to the next one.
func TestABrokenMessageBreaksTheConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		kind    websocket.MessageType
		message string
	}{
		"done without spoken":     {websocket.MessageText, `{"type":"done","generation_id":"heard","reason":"completed"}`},
		"spoken without char":     {websocket.MessageText, `{"type":"done","generation_id":"heard","reason":"completed","spoken":{}}`},
		"no type":                 {websocket.MessageText, `{"generation_id":"heard"}`},
		"no JSON":                 {websocket.MessageText, `Hello.`},
		"no object":               {websocket.MessageText, `[]`},
		"short frame":             {websocket.MessageBinary, "\x01\x01"},
		"frame without numbers":   {websocket.MessageBinary, "\x01\x01\x05heard"},
		"empty frame":             {websocket.MessageBinary, ""},
		"frame with a foreign id": {websocket.MessageBinary, "\x01\x01\x01\xff000011112222"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				relay := newFakeRelay(t)
				c, p := relay.dial(Config{})
				heard, waits := speak(t, c, Request{Text: "heard"}), speak(t, c, Request{Text: "waits"})
				p.speaks("heard", 'a')
				p.says(tt.kind, tt.message)
				hears(t, heard, "a", ErrLost)
				p = <-relay.peers
				if g := got[*protocol.Generate](p); g.GenerationID != "waits" {
					t.Errorf("sent %+v", g)
				}
				p.speaks("waits", 'b')
				p.ends("waits", "completed", 1)
				hears(t, waits, "b", nil)
			})
		})
	}
}

// A newer relay may say more than this client knows.
func TestWhatIsUnknownIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		for _, message := range []string{
			`{"type":"resumed","generations":{"g":"running"}}`,
			`{"type":"started","generation_id":"g","provider":"a","conversation":"kept"}`,
			`{"type":"done","generation_id":"nobody","reason":"completed","spoken":{"char":1}}`,
			`{"type":"error","code":"weather","message":"it rains"}`,
		} {
			p.says(websocket.MessageText, message)
		}
		p.says(websocket.MessageBinary, "\x01\x02\x01g0000111122223333b") // another kind of frame
		p.says(websocket.MessageBinary, "\x02\x01\x00")
		p.speaks("g", 'a')
		p.says(websocket.MessageText, `{"type":"done","generation_id":"g","reason":"completed","spoken":{"char":1,"words":1},"more":{}}`)
		hears(t, s, "a", nil)
	})
}

// A speech whose messages break connections is given up, for the sake of those beside it.
func TestASpeechThatBreaksConnectionsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		for range mostLosses {
			got[*protocol.Generate](p)
			p.says(websocket.MessageText, `{"type":"done","generation_id":"g"}`)
			p = <-relay.peers
		}
		if _, err := listen(s); !errors.Is(err, ErrLost) {
			t.Errorf("ended with %v", err)
		}
		p.silent()
	})
}
