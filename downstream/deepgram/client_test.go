package deepgram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
)

// message is what a client reads of what the relay sends it: binary audio, or an object.
type message struct {
	Audio       []byte `json:"-"`
	Type        string
	Description string
	Code        string
	Sequence    int    `json:"sequence_id"`
	Speech      string `json:"speech_id"`
	RequestID   string `json:"request_id"`
	Model       string `json:"model_name"`
	AudioMS     int64  `json:"audio_duration_ms"`
	Characters  int    `json:"input_character_count"`
	Billable    int    `json:"billable_character_count"`
	PlayedMS    int64  `json:"audio_played_ms"`
	Spoken      *string
	Remaining   *string
	TotalMS     int64 `json:"total_audio_duration_ms"`
	Field       string
	Applied     map[string]float64
	Raw         map[string]any `json:"-"`
}

// socket is a client of either version, as the vendor's documentation describes it. It reads as messages come.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	came chan arrival
}

// arrival is what was read.
type arrival struct {
	message
	err error
}

// attend reads until the connection ends.
func attend(t *testing.T, conn *websocket.Conn) socket {
	s := socket{t, conn, make(chan arrival, 1<<14)}
	go func() {
		for {
			m, err := s.readNow()
			s.came <- arrival{m, err}
			if err != nil {
				close(s.came)
				return
			}
		}
	}()
	return s
}

// dialSocket opens one by a path and a query.
func dialSocket(r *downstreamtest.Relay, path string, query url.Values, key string) (*websocket.Conn, error) {
	header := http.Header{}
	if key != "" {
		header.Set("Authorization", "Token "+key)
	}
	return r.WebSocket(r.Prefix+path+"?"+query.Encode(), header)
}

// usual is what programs ask for.
func usual(voice string) url.Values {
	return url.Values{"model": {voice}, "encoding": {"linear16"}, "sample_rate": {"24000"}, "mip_opt_out": {"false"}}
}

func open(t *testing.T, r *downstreamtest.Relay, path string) *socket {
	t.Helper()
	conn, err := dialSocket(r, path, usual(downstreamtest.Voice), downstreamtest.Key)
	if err != nil {
		t.Fatal(err)
	}
	s := attend(t, conn)
	return &s
}

// send sends an object. One that can't be sent shows in what is read.
func (s *socket) send(fields map[string]any) {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	s.write(string(text))
}

func (s *socket) write(text string) {
	_ = s.conn.Write(context.Background(), websocket.MessageText, []byte(text))
}

func (s *socket) speak(text string) { s.send(map[string]any{"type": "Speak", "text": text}) }
func (s *socket) order(kind string) { s.send(map[string]any{"type": kind}) }
func (s *socket) interrupt(ms int64) {
	s.send(map[string]any{"type": "Interrupt", "playback_offset": map[string]any{"type": "time_ms", "value": ms}})
}

// read is the next message.
func (s *socket) read() (message, error) {
	a, ok := <-s.came
	if !ok {
		return message{}, io.EOF
	}
	return a.message, a.err
}

func (s *socket) readNow() (m message, err error) {
	kind, data, err := s.conn.Read(context.Background())
	if err != nil {
		return m, err
	}
	if kind == websocket.MessageBinary {
		if len(data) == 0 || len(data)%2 != 0 {
			return m, fmt.Errorf("a frame of %d bytes", len(data))
		}
		return message{Type: "audio", Audio: data}, nil
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("a message that is no object: %w", err)
	}
	return m, json.Unmarshal(data, &m.Raw)
}

// next is read, where a message must come.
func (s *socket) next() message {
	s.t.Helper()
	m, err := s.read()
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// until reads to the first message of a kind, and returns it with the kinds and the audio before.
func (s *socket) until(kind string) (m message, before []string, pcm []byte) {
	s.t.Helper()
	for {
		m := s.next()
		if m.Type == kind {
			return m, before, pcm
		}
		if m.Type != "audio" && m.Type != "Metadata" && m.Type != "Connected" { // which come again
			before = append(before, m.Type)
		}
		pcm = append(pcm, m.Audio...)
	}
}

// driver is a client for the suite. A dialect without names for turns has them in their order, as its programs do.
type driver struct {
	socket
	ends   string // the message that ends a turn
	failed string // what an Error has said of the turn that is to end
}

func dialer(path, ends string) func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
	return func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
		conn, err := dialSocket(r, path, usual(as.Voice), as.Key)
		if err != nil {
			return nil, err
		}
		return &driver{socket: socket{conn: conn}, ends: ends}, nil
	}
}

func (d *driver) Say(_, text string) { d.speak(text) }
func (d *driver) Flush(string)       {}
func (d *driver) End(string)         { d.order("Flush") }

func (d *driver) Interrupt(string) {
	if d.ends == "Flushed" {
		d.order("Clear")
	} else {
		d.order("Interrupt")
	}
}

func (d *driver) Hangup() { _ = d.conn.CloseNow() }

func (d *driver) Next() (e downstreamtest.Event, err error) {
	for {
		m, err := d.readNow()
		var closed websocket.CloseError
		if errors.As(err, &closed) {
			return e, io.EOF
		}
		switch {
		case err != nil:
			return e, err
		case m.Type == "audio":
			return downstreamtest.Event{Kind: downstreamtest.Audio, PCM: m.Audio}, nil
		case m.Type == "Error":
			d.failed = m.Code + " " + m.Description
		case m.Type == d.ends && d.failed != "":
			e = downstreamtest.Event{Kind: downstreamtest.Failed, Reason: d.failed}
			d.failed = ""
			return e, nil
		case m.Type == d.ends, m.Type == "Cleared", m.Type == "SpeechInterrupted":
			return downstreamtest.Event{Kind: downstreamtest.Over}, nil
		}
	}
}

func TestSuite(t *testing.T) {
	for path, ends := range map[string]string{"/v1/speak": "Flushed", "/v2/speak": "SpeechMetadata"} {
		t.Run(path, func(t *testing.T) {
			downstreamtest.Run(t, downstreamtest.Dialect{
				Under: Dialect{}, Dial: dialer(path, ends),
				Can: downstreamtest.Can{Tokens: true, Turns: true, Interrupt: true, TellsFailure: true},
			})
		})
	}
}
