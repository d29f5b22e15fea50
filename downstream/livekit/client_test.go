package livekit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"voicerelay/downstream/downstreamtest"
)

func TestSuite(t *testing.T) {
	downstreamtest.Run(t, downstreamtest.Dialect{
		Under: Dialect{},
		Dial: func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
			return dial(r, callerOf(as))
		},
		Can: downstreamtest.Can{Tokens: true, Turns: true, Words: true, TellsFailure: true},
	})
}

// caller is what a program gives inference.TTS.
type caller struct {
	key, model, voice string
	header            http.Header
	extra             map[string]any
}

func callerOf(as downstreamtest.Caller) caller {
	return caller{key: as.Key, model: "cartesia/sonic-3", voice: as.Voice, extra: map[string]any{"add_timestamps": true}}
}

// fakeClient does what inference.TTS of livekit-agents 1.8.9 does: it cuts its text into sentences, sends each with a space behind
// it, and opens another connection after an error.
type fakeClient struct {
	relay *downstreamtest.Relay
	as    caller
	conn  *websocket.Conn
	text  string // that is no whole sentence yet
}

func dial(r *downstreamtest.Relay, as caller) (*fakeClient, error) {
	c := &fakeClient{relay: r, as: as}
	return c, c.open()
}

// token is what the client's library makes of a key and a secret.
func token(key string, expires time.Time) string {
	claims := jwt.MapClaims{
		"iss": key, "sub": "agent", "inference": map[string]any{"perform": true},
		"nbf": time.Now().Unix(), "exp": expires.Unix(),
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("a-secret-that-the-relay-does-not-know"))
	if err != nil {
		panic(err)
	}
	return signed
}

func (c *fakeClient) open() error {
	header := c.as.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if c.as.key != "" {
		header.Set("Authorization", "Bearer "+token(c.as.key, time.Now().Add(10*time.Minute)))
	}
	conn, err := c.relay.WebSocket(c.relay.Prefix+"/tts?model="+strings.ReplaceAll(c.as.model, "/", "%2F"), header)
	if err != nil {
		return err
	}
	c.conn = conn
	c.send(map[string]any{
		"type": "session.create", "sample_rate": "24000", "encoding": "pcm_s16le", "model": c.as.model, "voice": c.as.voice,
		"extra": c.as.extra, "connection": map[string]any{"timeout": 10, "retries": 3},
	})
	return nil
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

var sentenceEnd = regexp.MustCompile(`[.!?…]\s+`)

func (c *fakeClient) Say(_, text string) {
	if c.conn == nil && c.open() != nil {
		return // it shows in what is read
	}
	c.text += text
	for {
		at := sentenceEnd.FindStringIndex(c.text)
		if at == nil {
			return
		}
		c.sentence(strings.TrimSpace(c.text[:at[1]]))
		c.text = c.text[at[1]:]
	}
}

func (c *fakeClient) sentence(text string) {
	c.send(map[string]any{
		"type": "input_transcript", "transcript": text + " ", "extra": c.as.extra,
		"generation_config": map[string]any{"voice": c.as.voice, "model": c.as.model},
	})
}

func (c *fakeClient) End(string) {
	if rest := strings.TrimSpace(c.text); rest != "" {
		c.sentence(rest)
	}
	c.text = ""
	c.send(map[string]any{"type": "session.flush"})
}

// Flush and Interrupt are not in the dialect: a client that breaks off hangs up.
func (c *fakeClient) Flush(string)     {}
func (c *fakeClient) Interrupt(string) {}

func (c *fakeClient) Hangup() {
	if c.conn != nil {
		_ = c.conn.CloseNow() // it may be over
	}
	c.conn = nil
}

// heard is what clients read of the relay's messages.
type heard struct {
	Type      string
	SessionID string `json:"session_id"`
	Audio     string
	Message   string
	Words     []struct {
		Word       string
		Start, End float64
	}
}

// read is the next message.
func (c *fakeClient) read() (m heard, err error) {
	_, data, err := c.conn.Read(context.Background())
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return m, io.EOF
	}
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(data, &m)
}

func (c *fakeClient) Next() (e downstreamtest.Event, err error) {
	if c.conn == nil {
		return e, io.EOF
	}
	for {
		m, err := c.read()
		if err != nil {
			return e, err
		}
		if e, ok := eventOf(m); ok {
			if e.Kind == downstreamtest.Failed {
				c.Hangup()
			}
			return e, nil
		}
	}
}

// eventOf is a message as an event; false: the suite does not ask for it.
func eventOf(m heard) (e downstreamtest.Event, ok bool) {
	switch m.Type {
	case "output_audio":
		pcm, err := base64.StdEncoding.DecodeString(m.Audio)
		return downstreamtest.Event{Kind: downstreamtest.Audio, PCM: pcm}, err == nil
	case "output_alignment":
		e.Kind = downstreamtest.Words
		for _, w := range m.Words {
			e.Words = append(e.Words, downstreamtest.Word{Text: w.Word, Start: duration(w.Start), End: duration(w.End)})
		}
		return e, true
	case "done":
		return downstreamtest.Event{Kind: downstreamtest.Over}, true
	case "error":
		return downstreamtest.Event{Kind: downstreamtest.Failed, Reason: m.Message}, true
	}
	return e, false
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
