package jambonz

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
)

func TestSuite(t *testing.T) {
	downstreamtest.Run(t, downstreamtest.Dialect{
		Under: Dialect{},
		Dial: func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
			return dial(r, as.Key, url.Values{"voice": {as.Voice}, "language": {"en-US"}, "sampleRate": {"24000"}})
		},
		Can: downstreamtest.Can{Tokens: true, Turns: true, Interrupt: true, TellsFailure: true},
	})
}

// quiet is for how long nothing comes after a turn, as far as the tests know: the protocol has no word for its end.
const quiet = 15 * time.Second

// fakeClient does what jambonz does.
type fakeClient struct {
	conn    *websocket.Conn
	reading chan heard // of the read that is under way; nil: none is
	ended   bool       // a turn is to end
	over    bool       // a turn was broken off, which is to be told
	gone    error      // why the connection has ended
}

// heard is a message of the relay.
type heard struct {
	kind websocket.MessageType
	data []byte
	err  error
}

func dial(r *downstreamtest.Relay, key string, query url.Values) (*fakeClient, error) {
	header := http.Header{}
	if key != "" {
		header.Set("Authorization", "Bearer "+key)
	}
	conn, err := r.WebSocket("/jambonz/stream?"+query.Encode(), header)
	if err != nil {
		return nil, err
	}
	return &fakeClient{conn: conn}, nil
}

// send sends a message. One that can't be sent shows in what is read.
func (c *fakeClient) send(fields map[string]any) {
	message, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	c.sendRaw(string(message))
}

func (c *fakeClient) sendRaw(message string) {
	_ = c.conn.Write(context.Background(), websocket.MessageText, []byte(message))
}

// Say sends a piece with the spaces that it has, as the feature server does.
func (c *fakeClient) Say(_, text string) {
	c.send(map[string]any{"type": "stream", "text": text})
}

func (c *fakeClient) End(string) {
	c.ended = true
	c.send(map[string]any{"type": "flush"})
}

// Flush is not in the protocol, whose flush ends a turn.
func (c *fakeClient) Flush(string) {}

func (c *fakeClient) Interrupt(string) {
	c.send(map[string]any{"type": "stop"})
	c.ended, c.over = false, true
}

func (c *fakeClient) Hangup() { _ = c.conn.CloseNow() }

// read is the next message; false: nothing came for a while.
func (c *fakeClient) read(patience time.Duration) (m heard, ok bool) {
	if c.reading == nil {
		read := make(chan heard, 1)
		go func() { // ends with the connection
			kind, data, err := c.conn.Read(context.Background())
			var closed websocket.CloseError
			if errors.As(err, &closed) {
				err = io.EOF
			}
			read <- heard{kind, data, err}
		}()
		c.reading = read
	}
	select {
	case m := <-c.reading:
		c.reading = nil
		return m, true
	case <-time.After(patience):
		return heard{}, false
	}
}

func (c *fakeClient) Next() (downstreamtest.Event, error) {
	for c.gone == nil {
		patience := time.Hour
		if c.ended {
			patience = quiet
		}
		if c.over { // what was on its way when the turn was broken off still comes
			patience = 10 * time.Millisecond
		}
		m, ok := c.read(patience)
		switch {
		case !ok:
			c.ended, c.over = false, false
			return downstreamtest.Event{Kind: downstreamtest.Over}, nil
		case m.err != nil && c.ended: // the relay goes away, after all that it had to say
			c.ended, c.gone = false, m.err
			return downstreamtest.Event{Kind: downstreamtest.Over}, nil
		case m.err != nil:
			return downstreamtest.Event{}, m.err
		case m.kind == websocket.MessageBinary:
			return downstreamtest.Event{Kind: downstreamtest.Audio, PCM: m.data}, nil
		}
		var said struct{ Type, Error string }
		if err := json.Unmarshal(m.data, &said); err != nil {
			return downstreamtest.Event{}, err
		}
		if said.Type == "error" {
			c.ended = false
			return downstreamtest.Event{Kind: downstreamtest.Failed, Reason: said.Error}, nil
		}
	}
	return downstreamtest.Event{}, c.gone
}
