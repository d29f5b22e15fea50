// Package together is the adapter for Together AI's realtime speech, /v1/audio/speech/websocket.
//
// A stream is a context there, under the request's own id. Each piece is an append and a commit; segment=never has the
// vendor speak at a commit only, in one item, whose audio_output.done ends the piece. Nothing at the vendor ends a
// stream: it is over when each commit has had its done. The reference leaves open whether a commit may yield a second
// item, and whether a context is named in what is sent of it; both are provided for.
//
// Sources: Together AI's guide to the speech WebSocket and its API reference (docs.together.ai), the openapi.yaml of
// github.com/togethercomputer/openapi, and Pipecat's client, which was written with the vendor.
//
// Invariants:
//
//  1. A socket carries one stream at a time until the vendor has named a stream in a whole item, to its done. From then
//     on what names no context is dropped there. Before, a stream that is stopped takes its socket along, since its
//     late frames could not be told from the next stream's.
//  2. No audio is held back to find out whether more comes. Only the ends are: a piece's where its words are known
//     and most are still to come, the stream's until a quiet period has passed or its words are complete.
//  3. Word times count from the stream's first sample beyond this package, whether the vendor counts from the item's
//     or the context's. What precedes an item is counted in samples received.
//  4. Settings are the socket's, in its address, so only streams with equal ones, of one tenant, share a socket.
//  5. An error that names no context ends the socket with all its streams.
package together
