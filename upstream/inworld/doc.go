// Package inworld is the adapter for Inworld's /tts/v1/voice:streamBidirectional.
//
// A stream is one context there. Each piece is sent with a flush, whose flushCompleted is the piece's end; after the last the
// context is closed, which speaks what it has. The vendor speaks unasked once it has gathered so many characters, and answers
// each time with a flushCompleted of its own: so a longer piece goes out in parts, each with a flush, and the vendor never has
// so many. A stream is stopped by cancel_context; a vendor that refuses that is told to close the context, and what it speaks
// until then is dropped.
//
// Sources: Inworld's documentation of the TTS WebSocket, its timestamps and limits (docs.inworld.ai), and what LiveKit's and
// Pipecat's clients send and read. What none of these says is marked assumed in the capabilities or where it matters.
//
// Invariants:
//
//  1. A context's id is its stream's. Frames of contexts whose stream has left are late ones.
//  2. Pieces are ended by counting flushCompleted: those of a piece are as many as its parts.
//  3. Word times count from the audio that there was by the latest flushCompleted.
//  4. A status other than 0 ends its context's stream alone; an error that names no context, and a frame that breaks the
//     protocol, end the socket. But one that may answer an order to stop is taken for that.
//  5. What a chunk tells of processed characters is not read: it is not documented whether it is of that chunk or of all so far, so that
//     neither its sum nor its last value is what is charged. The relay counts the characters that were sent.
//  6. Of an error only the code goes further: its text is free and may quote the client's.
package inworld
