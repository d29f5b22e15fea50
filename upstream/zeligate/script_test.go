package zeligate

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"voicerelay/upstream/upstreamtest"
)

// order is any frame from the adapter, as a vendor reads it.
type order struct {
	Text          *string `json:"text"`
	Authorization string  `json:"authorization"`
	Flush         bool    `json:"flush"`
}

// reply is a frame to the adapter.
type reply map[string]any

// script plays the vendor on one socket: it speaks what is flushed, and what is left at the end.
func script(c *upstreamtest.Conn) {
	voice := c.Voice("", c.Over())
	opened, buffered := false, ""
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var o order
		if err := json.Unmarshal(data, &o); err != nil {
			c.Send(invalid("json_invalid"))
			return
		}
		text, end := "", false
		if o.Text != nil {
			text, end = *o.Text, *o.Text == ""
		}
		switch {
		case opened && strings.TrimSpace(text) == "":
			// a keep-alive, or nothing at all
		case opened:
			buffered += text
		case text != " " || o.Authorization == "":
			c.Send(invalid("missing"))
			return
		default:
			opened = true
		}
		if !o.Flush && !end {
			continue
		}
		if !voice.Say(buffered, func(audio []byte) { c.Send(spokenFrame(audio)) }) {
			continue // the fault goes on until the client has enough
		}
		buffered = ""
		if end {
			c.Send(reply{"audio": nil, "isFinal": true})
		}
	}
}

func spokenFrame(audio []byte) reply {
	return reply{"audio": base64.StdEncoding.EncodeToString(audio), "isFinal": nil, "normalizedAlignment": nil, "alignment": nil}
}

func invalid(what string) reply {
	return reply{"detail": []reply{{"loc": []string{"body", "text"}, "msg": "secret vendor text", "type": what}}}
}
