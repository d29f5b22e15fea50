// Package cartesia is the adapter for Cartesia's /tts/websocket.
//
// A stream is one context there, which is continued as long as text flows, so that the vendor speaks it as one. Each piece
// is followed by a flush, whose flush_done is the piece's end; the last piece's is the context's done. A context expires
// a second after its last audio, which is sooner than a language model thinks. So one that has had nothing to do for half of
// that is ended, and what comes then is another context.
//
// Sources: Cartesia's documentation of the TTS WebSocket (docs.cartesia.ai: contexts, flushing, concurrency limits and
// timeouts) and the vendor's own SDK, @cartesia/cartesia-js. What neither says is marked assumed in the capabilities.
//
// Invariants:
//
//  1. A context's id is STREAM.NUMBER. Frames of contexts whose stream has left, or gone on, are late ones.
//  2. A stream has one context at a time, since the vendor's plans count those that are active: what comes while one is
//     being ended waits for its done, for a second at most.
//  3. Every message has all fields; but transcript, continue and flush they are the same within a context.
//  4. An error that names its context ends that stream alone; one that names none, and a frame that breaks the protocol, end the
//     socket.
//  5. Of an error only what is in the table goes further: its text is free and may quote the client's.
package cartesia
