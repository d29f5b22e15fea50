// Package livekit is the protocol of LiveKit's Inference gateway for speech: a WebSocket of many turns, one after the other, with
// the times of words. Its clients are the classes inference.TTS of livekit-agents, for Python and for Node.
//
// A turn is what the client says from its first input_transcript to its session.flush, and is answered by exactly one done. It
// is one generation, but where the client changes the voice within it, or says nothing for so long that its text counts as
// finished: then several follow each other in it. Files: handshake.go and token.go take a connection, messages.go reads what the
// client says, turns.go keeps what is to be spoken, talk.go has it spoken, and encoder.go says what the client gets. Invariants:
//
//  1. One generation runs at a time. The next begins once all audio of the one before was handed to the socket.
//  2. Times of words count from the beginning of their turn, through all of its generations.
//  3. After an error the connection is closed: clients drop theirs as well, and try again with a new one.
//  4. While a turn is spoken, the client hears something every few seconds, since it gives up otherwise.
package livekit
