package deepgram

import (
	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// command is a message from a client.
type command struct {
	Type string `json:"type"`
	// Text is of Speak.
	Text *string `json:"text"`
	// Speed is of Configure, Offset of Interrupt.
	Speed  downstream.Number `json:"speed"`
	Offset *offset           `json:"playback_offset"`
}

// offset is how far the client has played, on the session's clock.
type offset struct {
	Type  string            `json:"type"`
	Value downstream.Number `json:"value"`
}

// decode reads a message. known: its type is one of the version's.
func (v *version) decode(kind websocket.MessageType, data []byte) (m command, known bool, refused *protocol.Error) {
	if kind != websocket.MessageText {
		return m, false, downstream.Invalid("", "messages are JSON text frames")
	}
	var head struct {
		Type string `json:"type"`
	}
	if refused := downstream.DecodeTolerant(data, &head); refused != nil {
		return m, false, refused
	}
	if !v.knows(head.Type) {
		return m, false, downstream.Invalid("type", "type is none that is known here")
	}
	refused = downstream.DecodeTolerant(data, &m)
	return m, true, refused
}

// knows reports whether a type of message is one of the version's. KeepAlive is one of the vendor's other sockets, which some
// programs send to all.
func (v *version) knows(kind string) bool {
	switch kind {
	case "Speak", "Flush", "Close", "KeepAlive":
		return true
	case "Clear":
		return v.clears
	case "Interrupt", "Configure":
		return v.interrupts
	}
	return false
}
