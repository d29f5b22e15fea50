package native

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
)

func TestSuite(t *testing.T) {
	downstreamtest.Run(t, downstreamtest.Dialect{
		Under: Dialect{},
		Dial:  dialNative,
		Can: downstreamtest.Can{
			Tokens: true, Flush: true, Turns: true, Parallel: true, Interrupt: true, Words: true, Unpunctuated: true, TellsFailure: true, Bare: true, Apart: true,
		},
	})
}

// nativeClient is a client by docs/protocol.md.
type nativeClient struct {
	conn  *websocket.Conn
	voice string
	begun map[string]bool
}

func dialNative(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
	header := http.Header{}
	if as.Key != "" {
		header.Set("Authorization", "Bearer "+as.Key)
	}
	conn, err := r.WebSocket("/v1/speech", header)
	if err != nil {
		return nil, err
	}
	return &nativeClient{conn: conn, voice: as.Voice, begun: make(map[string]bool)}, nil
}

// send sends a message. One that can't be sent shows in what is read.
func (c *nativeClient) send(fields map[string]any) {
	message, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	_ = c.conn.Write(context.Background(), websocket.MessageText, message)
}

func (c *nativeClient) Say(turn, text string) {
	if c.begun[turn] {
		c.send(map[string]any{"type": "append", "generation_id": turn, "text": text})
		return
	}
	c.begun[turn] = true
	c.send(map[string]any{
		"type": "generate", "generation_id": turn, "text": text, "final": false, "voice": c.voice, "word_timestamps": true,
		"output": map[string]any{"encoding": "pcm_s16le", "sample_rate": 24000},
	})
}

func (c *nativeClient) Flush(turn string) {
	c.send(map[string]any{"type": "flush", "generation_id": turn})
}

func (c *nativeClient) End(turn string) {
	c.send(map[string]any{"type": "finish", "generation_id": turn})
}

func (c *nativeClient) Interrupt(turn string) {
	c.send(map[string]any{"type": "cancel", "generation_id": turn})
}

func (c *nativeClient) Hangup() { _ = c.conn.CloseNow() }

// message is what the client reads of the relay's messages.
type message struct {
	Type         string
	GenerationID string `json:"generation_id"`
	Audio        string
	Reason       string
	Message      string
	Words        []struct {
		Word    string
		StartMS int64 `json:"start_ms"`
		EndMS   int64 `json:"end_ms"`
	}
}

func (c *nativeClient) Next() (e downstreamtest.Event, err error) {
	for {
		_, data, err := c.conn.Read(context.Background())
		var closed websocket.CloseError
		if errors.As(err, &closed) {
			return e, io.EOF
		}
		if err != nil {
			return e, err
		}
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			return e, err
		}
		if e, ok := eventOf(m); ok {
			return e, nil
		}
	}
}

// eventOf is a message as an event; false: the suite does not ask for it.
func eventOf(m message) (e downstreamtest.Event, ok bool) {
	e.Turn = m.GenerationID
	switch m.Type {
	case "audio":
		pcm, err := base64.StdEncoding.DecodeString(m.Audio)
		e.Kind, e.PCM = downstreamtest.Audio, pcm
		return e, err == nil
	case "timestamps":
		e.Kind = downstreamtest.Words
		for _, w := range m.Words {
			e.Words = append(e.Words, downstreamtest.Word{
				Text: w.Word, Start: time.Duration(w.StartMS) * time.Millisecond, End: time.Duration(w.EndMS) * time.Millisecond,
			})
		}
		return e, true
	case "done":
		e.Kind = downstreamtest.Over
		if m.Reason == "failed" {
			e.Kind, e.Reason = downstreamtest.Failed, m.Reason
		}
		return e, true
	case "error":
		e.Kind, e.Reason = downstreamtest.Failed, m.Message
		return e, true
	}
	return e, false
}
