// Package cartesia is the adapter for Cartesia's /tts/websocket.
//
// Each piece is a context there, complete in one message, so that the vendor's done is the piece's end: a context that
// is to be continued expires a second after its last audio, which is sooner than a language model thinks. A stream has
// one context at a time, since the vendor's plans count those that are active; the next piece is sent when the one before it
// is done, which is long before that has been played.
//
// Invariants:
//
//  1. A context's id is STREAM.PIECE. Frames of contexts whose stream has left, or gone on, are late ones.
//  2. Every message has all fields: voice, model and format are of a context, not of a socket.
//  3. An error that names its context ends that stream alone; one that names none, and a frame that breaks the protocol, end the
//     socket.
//  4. Of an error only what is in the table goes further: its text is free and may quote the client's.
package cartesia
