// Package cartesia emulates Cartesia's wss://api.cartesia.ai/tts/websocket. Invariants:
//
//  1. The contexts of a connection are spoken side by side or one after the other, as the seed has drawn it; each context's
//     frames keep their order.
//  2. Nothing comes of a context that was cancelled, not even its end.
//  3. A request that fails is answered in the words of the version of the API that the client asked for.
package cartesia
