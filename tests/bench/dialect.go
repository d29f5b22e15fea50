package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// dialect is how a client speaks on a path.
type dialect interface {
	// address is where to connect, from the server's own URL.
	address(base string) string
	// greeted reports whether the server speaks first.
	greeted() bool
	// generate are the messages that have a text spoken.
	generate(number int, text string) [][]byte
	// cancel is the message that stops it.
	cancel(number int) []byte
	// read says what a message is. Its audio is valid as long as the message.
	read(message []byte) (event, error)
}

// event is what a client must know of a message.
type event struct {
	number    int    // of the utterance, where it is an audio frame or an end
	audio     []byte // base64, where it is an audio frame
	seq       int    // of the audio frame
	end       bool   // nothing more comes
	cancelled bool   // with end: it was stopped
}

// audioIn cuts the base64 out of a message that has some.
func audioIn(message []byte) (audio []byte, ok bool) {
	const name = `"audio":"`
	start := bytes.Index(message, []byte(name))
	if start < 0 {
		return nil, false
	}
	start += len(name)
	length := bytes.IndexByte(message[start:], '"')
	if length < 0 {
		return nil, false
	}
	return message[start : start+length], true
}

var errNoNumber = errors.New("an audio frame without its number")

// numberOf is the value of a number in a part of a message.
func numberOf(part []byte, name string) (int, error) {
	start := bytes.Index(part, []byte(name))
	if start < 0 {
		return 0, errNoNumber
	}
	digits := part[start+len(name):]
	end := 0
	for end < len(digits) && digits[end] >= '0' && digits[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(digits[:end]))
	if err != nil {
		return 0, errNoNumber
	}
	return n, nil
}

// audioEvent reads the two numbers that a frame's message has besides its audio.
func audioEvent(audio, part []byte, numberName, seqName string) (event, error) {
	number, err := numberOf(part, numberName)
	if err != nil {
		return event{}, err
	}
	seq, err := numberOf(part, seqName)
	return event{number: number, audio: audio, seq: seq}, err
}

func endOf(id string, cancelled bool) (event, error) {
	number, err := strconv.Atoi(id)
	if err != nil {
		return event{}, fmt.Errorf("the end of %.20q, which is no utterance", id)
	}
	return event{number: number, end: true, cancelled: cancelled}, nil
}

// vendorDialect is KugelAudio's own, with a context an utterance: what an agent without a relay speaks.
type vendorDialect struct{}

func (vendorDialect) address(base string) string { return base + "/ws/tts/multi?api_key=bench" }
func (vendorDialect) greeted() bool              { return false }

func (vendorDialect) generate(number int, text string) [][]byte {
	id := strconv.Itoa(number)
	return [][]byte{
		fmt.Appendf(nil, `{"text":" ","context_id":"%s","voice_settings":{"voice_id":1071},"model_id":"kugel-3"}`, id),
		fmt.Appendf(nil, `{"text":%s,"context_id":"%s","flush":true}`, quote(text), id),
		fmt.Appendf(nil, `{"close_context":true,"context_id":"%s"}`, id),
	}
}

func (vendorDialect) cancel(number int) []byte {
	return fmt.Appendf(nil, `{"close_context":true,"context_id":"%d","immediate":true}`, number)
}

func (vendorDialect) read(message []byte) (event, error) {
	if audio, ok := audioIn(message); ok {
		tail := message[len(message)-min(len(message), 160):]
		return audioEvent(audio, tail, `"context_id":"`, `"idx":`)
	}
	var m struct {
		Context string `json:"context_id"`
		Closed  bool   `json:"context_closed"`
		Error   string `json:"error"`
	}
	if err := json.Unmarshal(message, &m); err != nil {
		return event{}, fmt.Errorf("a message that is no JSON object: %w", err)
	}
	if m.Error != "" {
		return event{}, errors.New(m.Error)
	}
	if !m.Closed {
		return event{}, nil
	}
	return endOf(m.Context, false)
}

// relayDialect is the relay's protocol, with audio as JSON.
type relayDialect struct{}

func (relayDialect) address(base string) string {
	return "ws" + strings.TrimPrefix(base, "http") + "/v1/speech?audio=json"
}
func (relayDialect) greeted() bool { return true }

func (relayDialect) generate(number int, text string) [][]byte {
	return [][]byte{fmt.Appendf(nil,
		`{"type":"generate","generation_id":"g%d","text":%s,"output":{"encoding":"pcm_s16le","sample_rate":24000}}`, number, quote(text))}
}

func (relayDialect) cancel(number int) []byte {
	return fmt.Appendf(nil, `{"type":"cancel","generation_id":"g%d"}`, number)
}

func (relayDialect) read(message []byte) (event, error) {
	if audio, ok := audioIn(message); ok {
		head := message[:min(len(message), 200)]
		return audioEvent(audio, head, `"generation_id":"g`, `"seq":`)
	}
	var m struct {
		Type       string `json:"type"`
		Generation string `json:"generation_id"`
		Reason     string `json:"reason"`
		Code       string `json:"code"`
		Message    string `json:"message"`
		Error      *struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(message, &m); err != nil {
		return event{}, fmt.Errorf("a message that is no JSON object: %w", err)
	}
	switch {
	case m.Type == "error":
		return event{}, fmt.Errorf("refused: %s: %s", m.Code, m.Message)
	case m.Type == "rerouted":
		return event{}, errors.New("the relay gave an attempt up")
	case m.Type == "done" && m.Error != nil:
		return event{}, fmt.Errorf("failed: %s: %s", m.Error.Code, m.Error.Message)
	}
	if m.Type != "done" {
		return event{}, nil
	}
	return endOf(strings.TrimPrefix(m.Generation, "g"), m.Reason == "cancelled")
}
