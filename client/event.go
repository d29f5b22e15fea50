package client

import "time"

// Event is what comes of a speech, in its order: an Audio, or a protocol.Started, protocol.Timestamps or
// protocol.Rerouted.
type Event any

// Audio is a frame of a speech.
type Audio struct {
	Seq     uint32        // 0, 1, 2 … within the speech
	Start   time.Duration // audio of the speech before it
	Samples int           // at the output's rate
	Data    []byte        // in the output's encoding; the receiver's own
}
