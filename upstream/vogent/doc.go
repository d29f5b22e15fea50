// Package vogent is the adapter for Vogent Voicelab's /api/tts/websocket.
//
// Each piece is a generation there, complete in one message, so that the vendor's finished is the piece's end. Its id is
// STREAM.SOCKET.PIECE, by which frames find their stream and their place. The next piece is ordered while one is still
// being spoken, and what comes of it early is held. What the vendor documents is little; where it is silent, this
// package takes whatever is plausible and depends on nothing.
//
// Sources: Vogent's API reference of the TTS WebSocket and its quickstart's Python example (docs.vogent.ai), which is the
// only code of the vendor's own.
//
// Invariants:
//
//  1. The sink hears the pieces one after another, whatever the order in which the vendor speaks them.
//  2. A contextId never meets a second socket: it ends with the socket's number, and a conversation that has to move
//     goes on under another. Streams of a conversation that overlap are on one socket, and under one contextId.
//  3. Nothing is said of word times, so a frame that has none in a shape known here is no fault.
//  4. An error's text is free and may quote the client's: it is searched for what it means, and goes no further.
//  5. An error that names no generation, and a frame that breaks the protocol, end the socket with all its streams.
package vogent
