package wyoming

import (
	"bufio"
	"encoding/json"

	"voicerelay/upstream/upstreamtest"
)

// next reads a client's event as the line, with the data block in the place of the lengths.
func next(from *bufio.Reader) ([]byte, error) {
	line, err := from.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var h struct {
		Type   string          `json:"type"`
		Data   json.RawMessage `json:"data,omitempty"`
		Length int             `json:"data_length,omitempty"`
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, err
	}
	if h.Length > 0 {
		h.Data = make([]byte, h.Length)
		for i := range h.Data {
			if h.Data[i], err = from.ReadByte(); err != nil {
				return nil, err
			}
		}
		h.Length = 0
	}
	return json.Marshal(h)
}

// said is an event to the adapter, whose data is in its block.
func said(kind string, data any, payload []byte) []byte {
	block, err := json.Marshal(data)
	if err != nil {
		panic(err) // a script's own mistake
	}
	line, err := json.Marshal(map[string]any{
		"type": kind, "version": "1.10.2", "data_length": len(block), "payload_length": len(payload),
	})
	if err != nil {
		panic(err)
	}
	return append(append(append(line, '\n'), block...), payload...)
}

// sound is the format of what scripts say.
var sound = map[string]any{"rate": 24000, "width": 2, "channels": 1, "timestamp": nil}

// script plays a server: one text after another.
func script(c *upstreamtest.Conn) {
	voice := c.Voice("", nil)
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var order struct {
			Type string     `json:"type"`
			Data synthesize `json:"data"`
		}
		if json.Unmarshal(data, &order) != nil || order.Type != "synthesize" {
			continue // servers drop what they do not know
		}
		c.SendBinary(said("audio-start", sound, nil))
		if !voice.Say(order.Data.Text, func(audio []byte) { c.SendBinary(said("audio-chunk", sound, audio)) }) {
			<-c.Over()
			return
		}
		c.SendBinary(said("audio-stop", map[string]any{"timestamp": nil}, nil))
	}
}
