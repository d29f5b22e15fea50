// Package wyoming emulates a server of Wyoming, Home Assistant's protocol for speech: wyoming-piper, the server of Piper's voices.
// Invariants:
//
//  1. A connection's requests are spoken one after the other, in their order, and so are those of all connections: there is one
//     engine.
//  2. After an error nothing comes, and the connection is closed.
//  3. What a client asked for is generated until it closes the connection, and no longer.
//
// The framing is that of the protocol's own library, and the order of events that of wyoming-piper 2.5, which was watched. What other
// servers do otherwise, and what can't be seen from outside, is drawn by the seed: see quirks.
package wyoming
