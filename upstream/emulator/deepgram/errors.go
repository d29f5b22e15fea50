package deepgram

import "github.com/coder/websocket"

// closeReason is a close code with the vendor's name for its cause.
// The codes and names are those of Deepgram's docs, TTS WebSocket, Errors: 1003 for a message that can't be read, 1008 for
// data, 1009 for size, and 1011 for the network, which alone is worth another try.
type closeReason struct {
	code   websocket.StatusCode
	reason string
}

func unparsable() closeReason {
	return closeReason{websocket.StatusUnsupportedData, "MESSAGE-0000"}
}

func badData() closeReason {
	return closeReason{websocket.StatusPolicyViolation, "DATA-0000"}
}

func tooBig() closeReason {
	return closeReason{websocket.StatusMessageTooBig, "BIG-0000"}
}
