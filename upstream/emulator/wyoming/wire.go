package wyoming

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
)

// Bounds of what a client may send, so that it can't fill the memory.
const (
	maxLine    = 64 << 10 // bytes
	maxData    = 1 << 20
	maxPayload = 1 << 20
)

// protocolVersion is what events say of themselves. No one reads it.
const protocolVersion = "1.10.2"

// event is one event: a line of JSON, with its data in it or behind it, and a payload behind those.
type event struct {
	kind    string
	data    map[string]any
	payload []byte
}

// header is an event's line.
type header struct {
	Type          string         `json:"type"`
	Version       string         `json:"version,omitempty"`
	Data          map[string]any `json:"data,omitempty"`
	DataLength    int            `json:"data_length,omitempty"`    // bytes of JSON behind the line
	PayloadLength int            `json:"payload_length,omitempty"` // bytes behind that
}

var errUnreadable = errors.New("no event")

// readEvent reads an event. Data behind the line goes before what is in it.
func readEvent(r *bufio.Reader) (event, error) {
	line, err := r.ReadSlice('\n') // of a buffer of maxLine bytes
	if err != nil {
		return event{}, err
	}
	var h header
	if err := json.Unmarshal(line, &h); err != nil || h.Type == "" || h.DataLength < 0 || h.PayloadLength < 0 ||
		h.DataLength > maxData || h.PayloadLength > maxPayload {
		return event{}, errUnreadable
	}
	e := event{kind: h.Type, data: h.Data}
	if e.data == nil {
		e.data = make(map[string]any)
	}
	if h.DataLength > 0 {
		block := make([]byte, h.DataLength)
		if _, err := io.ReadFull(r, block); err != nil {
			return event{}, err
		}
		var data map[string]any
		if json.Unmarshal(block, &data) != nil {
			return event{}, errUnreadable
		}
		maps.Copy(e.data, data)
	}
	e.payload = make([]byte, h.PayloadLength)
	_, err = io.ReadFull(r, e.payload)
	return e, err
}

// bytes is the event as it is sent. inline: the data stands in the line.
func (e event) bytes(inline, versed bool) []byte {
	h := header{Type: e.kind, PayloadLength: len(e.payload)}
	if versed {
		h.Version = protocolVersion
	}
	var block []byte
	if inline {
		h.Data = e.data
	} else if len(e.data) > 0 {
		block = mustJSON(e.data)
		h.DataLength = len(block)
	}
	return bytes.Join([][]byte{mustJSON(h), []byte("\n"), block, e.payload}, nil)
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("emulator: %v", err)) // an event of ours that is no JSON
	}
	return data
}
