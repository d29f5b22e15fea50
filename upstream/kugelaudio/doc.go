// Package kugelaudio is the adapter for KugelAudio's /ws/tts/multi.
//
// A stream is a context there, under the request's own id. Its first piece creates it; close_context follows the last
// piece at once, and context_closed, which has the charge, ends the stream. A flush is a hard boundary, after which the
// vendor starts a new utterance. So only the text's end is flushed, and its pauses: a piece that no other follows by the time at
// which the vendor has nothing else to do. The pieces between are spoken as one. The vendor cuts them into chunks of
// its own, and says of each what its text is: by that it is known where a piece ends.
//
// Sources: KugelAudio's reference of /ws/tts/multi (docs.kugelaudio.com: contexts, usage, errors, close codes) and the
// vendor's SDKs for JavaScript and Python, where the reference is silent.
//
// Invariants:
//
//  1. The session's fields (model, format, language, speed and so on) are sticky at the vendor, so only streams
//     with equal ones, of one tenant, share a socket.
//  2. Word times count from their chunk's first sample on the wire, and from the stream's beyond this package: what
//     precedes a chunk is counted in samples received, never in what the vendor says it sent.
//  3. A piece ends with the answer to the flush after it, or with a chunk that has all of its letters. Where a chunk's text
//     is not what was sent (numbers in words), each piece of the stream is flushed from then on.
//  4. A frame that breaks the protocol, and an error that names no context, end the socket with all its streams.
//  5. The key stands in the socket's URL and nowhere else.
package kugelaudio
