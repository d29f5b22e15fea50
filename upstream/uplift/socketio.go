package uplift

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"

	"voicerelay/upstream"
)

// namespace is the vendor's. Packets name it before a comma.
const namespace = "/text-to-speech/multi-stream"

// The packets of Socket.IO within those of Engine.IO, which is at its protocol 4.
const (
	packetConnect    = "40" + namespace + ","
	packetDisconnect = "41" + namespace // with or without a comma
	packetEvent      = "42" + namespace + ","
	packetRefusal    = "44" + namespace + ","
	packetPing       = "2"
	packetPong       = "3"
)

// usualEvent is how nearly all of the vendor's packets begin: all its events have this name.
const usualEvent = packetEvent + `["message",`

// socketIO is the transport in packets of Socket.IO, over a WebSocket from the start. It has what the vendor's
// namespace needs, which is neither rooms nor acknowledgments nor attachments.
type socketIO struct{ key upstream.Secret }

func (t socketIO) address(base *url.URL) (string, http.Header) {
	u := base.JoinPath("socket.io", "/")
	u.RawQuery = "EIO=4&transport=websocket"
	return u.String(), nil
}

// wrap makes a message an event of the name that its type is.
func (t socketIO) wrap(event string, message []byte) []byte {
	packet := make([]byte, 0, len(packetEvent)+len(event)+len(message)+5)
	packet = append(packet, packetEvent...)
	packet = append(packet, '[', '"')
	packet = append(packet, event...)
	packet = append(packet, '"', ',')
	packet = append(packet, message...)
	return append(packet, ']')
}

func (t socketIO) unwrap(data []byte) (unwrapped, *upstream.Error) {
	if rest, ok := bytes.CutPrefix(data, []byte(usualEvent)); ok {
		if message, ok := bytes.CutSuffix(rest, []byte{']'}); ok {
			return unwrapped{message: message}, nil
		}
	}
	return t.packet(string(data))
}

// packet reads a packet other than the usual ones.
func (t socketIO) packet(data string) (unwrapped, *upstream.Error) {
	switch {
	case data == packetPing:
		return unwrapped{answer: []byte(packetPong)}, nil
	case data == packetPong, data == "6", len(data) > 1 && data[:2] == "43":
		return unwrapped{}, nil // an answer to nothing of ours, and a packet without a meaning
	case data == "1", data == packetDisconnect, data == packetDisconnect+",":
		return unwrapped{}, &upstream.Error{Kind: upstream.Dropped, Message: "the vendor closed the session"}
	case len(data) > 1 && data[0] == '0':
		return unwrapped{answer: append([]byte(packetConnect), encode(map[string]string{"token": t.key.Reveal()})...)}, nil
	}
	if rest, ok := cut(data, packetEvent); ok {
		return event(rest)
	}
	if rest, ok := cut(data, packetRefusal); ok {
		return refusal(rest)
	}
	if _, ok := cut(data, packetConnect); ok {
		return unwrapped{}, nil
	}
	return unwrapped{}, upstream.GarbledError("the vendor sent a packet that is not of its protocol")
}

func cut(data, prefix string) (rest []byte, ok bool) {
	if len(data) < len(prefix) || data[:len(prefix)] != prefix {
		return nil, false
	}
	return []byte(data[len(prefix):]), true
}

// event takes the message out of an event, before whose JSON the id of an acknowledgment may stand. Events of other
// names have none.
func event(rest []byte) (unwrapped, *upstream.Error) {
	var args []json.RawMessage
	var name string
	rest = bytes.TrimLeft(rest, "0123456789")
	if json.Unmarshal(rest, &args) != nil || len(args) == 0 || json.Unmarshal(args[0], &name) != nil {
		return unwrapped{}, upstream.GarbledError("the vendor sent an event that is not of its protocol")
	}
	if name != "message" || len(args) < 2 {
		return unwrapped{}, nil
	}
	return unwrapped{message: args[1]}, nil
}

// refusal is the namespace's answer to a connection that it turns away.
func refusal(rest []byte) (unwrapped, *upstream.Error) {
	var reason struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(rest, &reason) != nil {
		return unwrapped{}, upstream.GarbledError("the vendor sent a refusal that is not of its protocol")
	}
	return unwrapped{}, connectError(reason.Message)
}
