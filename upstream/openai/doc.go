// Package openai is the adapter for speech over HTTP of OpenAI's shape, POST /audio/speech, which many vendors and programs
// that people run themselves speak: what differs between them is an option.
//
// A piece is a request, or several where the server takes no text of that length; the end of the answer's body is the piece's.
// A server may take another format than it was asked for: what its header and the first bytes say counts. A cancel aborts the
// request.
//
// Sources: OpenAI's guide to speech and its API reference (developers.openai.com), the errors and statuses of its SDK, LiveKit's
// plugin for it (delta and [DONE] in events, an answer's type before the wish), and the source of Kokoro-FastAPI (detail in
// errors, what stops at a disconnect).
//
// Invariants:
//
//  1. Only fields that a server must know are sent; all others, stream_format too, only where they are asked for.
//  2. An answer is bare samples, a WAV file or events with either, whichever it turns out to be. All else is garbled, and so is a
//     stream of events that ends without its last one.
//  3. Of an error only codes go further: its message is free, and may quote the client's text.
//  4. The tokens that the last event of an answer tells are the stream's, summed, where each of its requests has told some.
package openai
