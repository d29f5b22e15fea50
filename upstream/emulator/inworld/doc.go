// Package inworld emulates Inworld's wss://api.inworld.ai/tts/v1/voice:streamBidirectional. Invariants:
//
//  1. The contexts of a connection are spoken side by side or one after the other, as the seed has drawn it; each context's messages
//     keep their order.
//  2. Each generation of a context ends with flushCompleted, and times count from 0 in it; a context ends with contextClosed.
//  3. Nothing is generated for a context once its cancel has been read, where the vendor knows that command.
//  4. A context counts among the five of its connection until its contextClosed.
//
// The rules come from Inworld's docs (TTS WebSocket, timestamps, billing), and from what LiveKit's plugin and Pipecat's service send
// and can read. Where these are silent, the seed draws: see quirks.
package inworld
