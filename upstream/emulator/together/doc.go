// Package together emulates wss://api.together.ai/v1/audio/speech/websocket. Invariants:
//
//  1. A context's items are spoken in their order, by one goroutine.
//  2. No message tells a charge; what the stats have of it is by the list prices.
//
// The rules come from Together's guide to its text-to-speech WebSocket, the API reference of the same endpoint, the OpenAPI
// description in togethercomputer/openapi, and Pipecat's service, which was written with the vendor. No SDK of the vendor
// speaks this socket. What all of them leave open is drawn by the seed: see quirks.
package together
