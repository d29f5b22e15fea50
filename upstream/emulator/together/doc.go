// Package together emulates wss://api.together.ai/v1/audio/speech/websocket. Invariants:
//
//  1. A context's items are spoken in their order, by one goroutine.
//  2. No message tells a charge; what the stats have of it is by the list prices.
package together
