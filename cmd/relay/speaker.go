package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"voicerelay/protocol"
)

// speaker is a client of a relay that speaks one text at a time.
type speaker struct{ conn *websocket.Conn }

// speechRate is the sample rate that the commands ask for, in hertz.
const speechRate = 24000

// readLimit is above any audio frame and any list of words.
const readLimit = 8 << 20

// dialSpeaker connects to a relay's address. The key goes into a header, so that no URL bears it.
func dialSpeaker(ctx context.Context, address, key string) (*speaker, error) {
	target, err := url.JoinPath(address, "/v1/speech")
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	options := &websocket.DialOptions{Subprotocols: []string{protocol.Subprotocol}, HTTPHeader: map[string][]string{}}
	if key != "" {
		options.HTTPHeader.Set("Authorization", "Bearer "+key)
	}
	conn, response, err := websocket.Dial(ctx, target+"?audio=binary", options)
	if err != nil {
		return nil, dialError(response, err)
	}
	conn.SetReadLimit(readLimit)
	return &speaker{conn: conn}, nil
}

// dialError is the relay's own words where it gave any.
func dialError(response *http.Response, err error) error {
	if response == nil || response.Body == nil {
		return err
	}
	var body struct {
		Error errorMessage `json:"error"`
	}
	if json.NewDecoder(response.Body).Decode(&body) != nil || body.Error.Code == "" {
		return err
	}
	return &body.Error
}

// close ends the connection.
func (s *speaker) close() { _ = s.conn.CloseNow() } // nothing is left to say

// utterance is a text to speak and how.
type utterance struct {
	id, voice, route string
	text             io.Reader // read as it comes
}

// heard is what came of an utterance.
type heard struct {
	started protocol.Started
	done    doneMessage
}

// doneMessage is the part of done that the commands show.
type doneMessage struct {
	Reason string         `json:"reason"`
	Error  *errorMessage  `json:"error"`
	Usage  protocol.Usage `json:"usage"`
	Timing struct {
		FirstAudioMS *int64 `json:"first_audio_ms"`
		TotalMS      int64  `json:"total_ms"`
	} `json:"timing"`
}

type errorMessage struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *errorMessage) Error() string { return e.Code + ": " + e.Message }

// listener is told what arrives.
type listener struct {
	started func(protocol.Started)
	audio   func(samples []byte) error // pcm_s16le at speechRate
}

// speak sends an utterance and listens to its end. When ctx ends it cancels, and still waits for the end.
func (s *speaker) speak(ctx context.Context, u utterance, l listener) (*heard, error) {
	request := map[string]any{
		"type": "generate", "generation_id": u.id, "text": "", "final": false,
		"output": protocol.Output{Encoding: protocol.EncodingPCM16, SampleRate: speechRate},
	}
	if u.voice != "" {
		request["voice"] = u.voice
	}
	if u.route != "" {
		request["route"] = u.route
	}
	if err := s.send(request); err != nil {
		return nil, err
	}
	sent := make(chan error, 1)
	go func() { sent <- s.sendText(u) }() // ends with the text, or with the connection that the caller closes
	stop := context.AfterFunc(ctx, func() {
		_ = s.send(map[string]any{"type": "cancel", "generation_id": u.id}) // else the read below fails
	})
	defer stop()
	result, err := s.listen(l)
	if err != nil {
		return nil, err
	}
	select {
	case err = <-sent:
	default: // the end came before the text's own
	}
	return result, err
}

// sendText appends text as it comes. Bytes that make no whole character yet wait for the rest.
func (s *speaker) sendText(u utterance) error {
	buf := make([]byte, 4096)
	held := 0
	for {
		n, err := u.text.Read(buf[held:])
		held += n
		whole := wholeRunes(buf[:held])
		if whole > 0 {
			if err := s.send(map[string]any{"type": "append", "generation_id": u.id, "text": string(buf[:whole])}); err != nil {
				return err
			}
			held = copy(buf, buf[whole:held])
		}
		if errors.Is(err, io.EOF) {
			return s.send(map[string]any{"type": "finish", "generation_id": u.id})
		}
		if err != nil {
			return fmt.Errorf("read text: %w", err)
		}
	}
}

// wholeRunes is the length of the part of b that ends with a whole character.
func wholeRunes(b []byte) int {
	for cut := 1; cut <= 3 && cut <= len(b); cut++ {
		c := b[len(b)-cut]
		if c < 0x80 {
			return len(b)
		}
		if c >= 0xC0 { // a first byte: its character is whole where as many bytes follow as it says
			need := 2
			if c >= 0xF0 {
				need = 4
			} else if c >= 0xE0 {
				need = 3
			}
			if cut < need {
				return len(b) - cut
			}
			return len(b)
		}
	}
	return len(b)
}

func (s *speaker) send(message any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, body)
}

// listen reads until the generation's done.
func (s *speaker) listen(l listener) (*heard, error) {
	result := &heard{}
	for {
		kind, message, err := s.conn.Read(context.Background())
		if err != nil {
			return nil, fmt.Errorf("connection lost: %w", err)
		}
		if kind == websocket.MessageBinary {
			_, samples, err := protocol.ParseAudioBinary(message)
			if err != nil {
				return nil, err
			}
			if err := l.audio(samples); err != nil {
				return nil, err
			}
			continue
		}
		over, err := result.note(message, l)
		if over || err != nil {
			return result, err
		}
	}
}

// note takes a JSON message. over is set by the last one.
func (h *heard) note(message []byte, l listener) (over bool, err error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(message, &head); err != nil {
		return false, fmt.Errorf("message from the relay: %w", err)
	}
	switch head.Type {
	case "started":
		err = json.Unmarshal(message, &h.started)
		if err == nil && l.started != nil {
			l.started(h.started)
		}
	case "error":
		refused := &errorMessage{}
		if err = json.Unmarshal(message, refused); err == nil {
			err = refused
		}
	case "done":
		return true, json.Unmarshal(message, &h.done)
	}
	return false, err
}

// describe is an utterance's end in a line.
func (h *heard) describe() string {
	parts := []string{h.done.Reason}
	if h.done.Error != nil {
		parts[0] += " (" + h.done.Error.Error() + ")"
	}
	if h.started.Provider != "" {
		parts = append(parts, "by "+h.started.Provider)
	}
	if first := h.done.Timing.FirstAudioMS; first != nil {
		parts = append(parts, fmt.Sprintf("first audio after %d ms", *first))
	}
	parts = append(parts, fmt.Sprintf("%.1f s of audio in %.1f s", float64(h.done.Usage.AudioMS)/1000, float64(h.done.Timing.TotalMS)/1000))
	return strings.Join(append(parts, "cost "+costs(h.done.Usage.Cost)), ", ")
}

func costs(list []protocol.Cost) string {
	var parts []string
	for _, c := range list {
		if c.Amount == nil || c.Currency == nil {
			parts = append(parts, "not known")
			continue
		}
		parts = append(parts, *c.Amount+" "+*c.Currency)
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, " + ")
}
