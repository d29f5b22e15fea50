// Package kugelaudio is the adapter for KugelAudio's /ws/tts/multi.
//
// A stream is a context there, under the request's own id. Its first piece creates it; each piece goes out with a
// flush, which the vendor answers with final; close_context follows the last piece at once, and context_closed, which
// bears the charge, ends the stream.
//
// Invariants:
//
//  1. The session's fields (model, format, language, speed and so on) are sticky at the vendor, so only streams
//     with equal ones, of one tenant, share a socket.
//  2. Word times count from their chunk's first sample on the wire, and from the stream's beyond this package: what
//     precedes a chunk is counted in samples received, never in what the vendor says it sent.
//  3. A frame that breaks the protocol, and an error that names no context, end the socket with all its streams.
//  4. The key stands in the socket's URL and nowhere else.
package kugelaudio
