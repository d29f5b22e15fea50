// Package soniox emulates Soniox's wss://tts-rt.soniox.com/tts-websocket. Invariants:
//
//  1. The streams of a socket are spoken side by side; each stream's messages keep their order.
//  2. A stream ends with terminated, once, whatever ended it, and its id is free from then on. audio_end comes before it only where all
//     of the text has been spoken.
//  3. Nothing is generated for a stream once its cancel has been read.
//  4. An error without a stream_id is the end of its connection.
//
// The rules come from Soniox's docs (Text-to-Speech, and its API reference), and from what its SDK for Python, LiveKit's plugin and
// Pipecat's service send and can read. Where these are silent, the seed draws: see quirks.
package soniox
