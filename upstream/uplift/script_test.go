package uplift

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"voicerelay/upstream/upstreamtest"
)

// order is any message from the adapter, as a vendor reads it.
type order struct {
	Type         string  `json:"type"`
	RequestID    string  `json:"requestId"`
	Text         string  `json:"text"`
	VoiceID      string  `json:"voiceId"`
	OutputFormat string  `json:"outputFormat"`
	Phrases      *string `json:"phraseReplacementConfigId"`
}

// reply is a message to the adapter.
type reply map[string]any

// line is one socket of the scripted vendor: a plain one, or one of Socket.IO.
type line struct {
	*upstreamtest.Conn
	packets bool
}

// connect greets the adapter.
func connect(c *upstreamtest.Conn) line {
	l := line{Conn: c, packets: strings.HasPrefix(c.Request.URL.Path, "/socket.io/")}
	if l.packets {
		c.SendRaw([]byte(`0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`))
		c.Next()
		c.SendRaw([]byte(`40/text-to-speech/multi-stream,{"sid":"t"}`))
	}
	l.say(reply{"type": "ready", "sessionId": "session_abc123"})
	return l
}

// say sends a message.
func (l line) say(r reply) {
	if !l.packets {
		l.Send(r)
		return
	}
	message, err := json.Marshal([]any{"message", r})
	if err != nil {
		panic(err) // a script's own mistake
	}
	l.SendRaw(append([]byte("42/text-to-speech/multi-stream,"), message...))
}

// hear is the adapter's next message. What is not of the protocol is for the script to fall over.
func (l line) hear() (o order, ok bool) {
	data, ok := l.Next()
	if !ok {
		return order{}, false
	}
	if l.packets {
		if data, ok = bytes.CutPrefix(data, []byte("42/text-to-speech/multi-stream,")); !ok {
			panic("no event")
		}
	}
	o, err := l.decode(data)
	if err != nil {
		panic(err)
	}
	return o, true
}

// decode is a message, out of its event where there are packets.
func (l line) decode(data []byte) (o order, err error) {
	if !l.packets {
		return o, json.Unmarshal(data, &o)
	}
	var event []json.RawMessage
	var name string
	if err := json.Unmarshal(data, &event); err != nil || len(event) != 2 {
		return o, fmt.Errorf("an event of %d parts: %w", len(event), err)
	}
	if err := errors.Join(json.Unmarshal(event[0], &name), json.Unmarshal(event[1], &o)); err != nil {
		return o, err
	}
	if name != o.Type {
		return o, fmt.Errorf("an event %s of type %s", name, o.Type)
	}
	return o, nil
}

// streamOf is the adapter's stream that a request belongs to.
func streamOf(requestID string) string {
	stream, _, _ := strings.Cut(requestID, ".")
	return stream
}

// scripted is one of the adapter's streams at the scripted vendor, whose requests it speaks one after the other.
type scripted struct {
	l      line
	orders chan order
	stop   chan struct{}
	once   sync.Once
	voice  *upstreamtest.Voice
}

// script plays the vendor.
func script(c *upstreamtest.Conn) {
	l := connect(c)
	streams := map[string]*scripted{}
	for {
		o, ok := l.hear()
		if !ok {
			return
		}
		id := streamOf(o.RequestID)
		s := streams[id]
		if s == nil {
			s = &scripted{l: l, orders: make(chan order, 64), stop: make(chan struct{})}
			s.voice = c.Voice(id, s.stop)
			streams[id] = s
			c.Go(s.run)
		}
		if o.Type == "cancel" {
			c.Stopped(id)
			s.once.Do(func() { close(s.stop) })
			continue
		}
		s.orders <- o
	}
}

// run speaks what is ordered until the stream is stopped.
func (s *scripted) run() {
	for {
		var o order
		select {
		case o = <-s.orders:
		case <-s.stop:
			return
		case <-s.l.Over():
			return
		}
		s.l.say(reply{"type": "audio_start", "requestId": o.RequestID, "timestamp": 1234567890})
		sequence := 0
		whole := s.voice.Say(o.Text, func(audio []byte) {
			s.l.say(reply{
				"type": "audio", "requestId": o.RequestID,
				"audio": base64.StdEncoding.EncodeToString(audio), "sequence": sequence,
			})
			sequence++
		})
		if !whole {
			return
		}
		s.l.say(reply{"type": "audio_end", "requestId": o.RequestID, "timestamp": 1234567890})
	}
}
