// Package cartesia emulates Cartesia's wss://api.cartesia.ai/tts/websocket. Invariants:
//
//  1. The contexts of a connection are spoken side by side or one after the other, as the seed has drawn it; each context's
//     frames keep their order.
//  2. Nothing comes of a context that was cancelled, not even its end.
//  3. A request that fails is answered in the words of the version of the API that the client asked for.
//
// The rules come from Cartesia's docs, API reference, TTS WebSocket, and from what its own SDKs, LiveKit's plugin and
// Pipecat's service send and can read. Where the docs are silent the clients decide, and where they are too, the seed draws:
// see quirks.
package cartesia
