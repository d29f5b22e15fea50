package elevenlabs

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// message is what a client says on a WebSocket. What the relay has no use for is left out.
type message struct {
	Text *string `json:"text"` // nil: left out or null
	// ContextID is null where the client has one context only.
	ContextID     *string         `json:"context_id"`
	Flush         downstream.Flag `json:"flush"`
	CloseContext  downstream.Flag `json:"close_context"`
	CloseSocket   downstream.Flag `json:"close_socket"`
	VoiceSettings *voiceSettings  `json:"voice_settings"`
}

// longestContextID bounds what the relay repeats in every frame. Clients send UUIDs, or 12 hexadecimal digits.
const longestContextID = 128

// readMessage decodes a message.
func readMessage(data []byte) (message, *protocol.Error) {
	var m message
	if refused := downstream.DecodeTolerant(data, &m); refused != nil {
		return m, refused
	}
	if len(m.context()) > longestContextID {
		return message{}, downstream.Invalid("context_id", fmt.Sprintf("context_id has more than %d bytes", longestContextID))
	}
	return m, m.VoiceSettings.check()
}

// context is the id of the context that a message is about; empty: the one without an id.
func (m *message) context() string {
	if m.ContextID == nil {
		return ""
	}
	return *m.ContextID
}

func (m *message) text() string {
	if m.Text == nil {
		return ""
	}
	return *m.Text
}

// blank reports whether there is nothing to speak in the text.
func (m *message) blank() bool { return strings.TrimSpace(m.text()) == "" }

// opens reports whether a message opens a context that is not there. What is sent for a context that has ended meanwhile, such as
// a keepalive or a flush, opens none.
func (m *message) opens() bool { return m.text() != "" || m.Text != nil && m.VoiceSettings != nil }

// keyInside is the key in a first message; empty: there is none.
func keyInside(data []byte) string {
	var m struct {
		Underscored   string `json:"xi_api_key"`
		Dashed        string `json:"xi-api-key"`
		Authorization string `json:"authorization"`
	}
	if downstream.DecodeTolerant(data, &m) != nil {
		return ""
	}
	return cmp.Or(m.Underscored, m.Dashed, downstream.AuthorizationKey(m.Authorization))
}

// tellRefused is what a client hears that is sent away.
func tellRefused(err *protocol.Error) []byte { return encodeError(err, nil) }
