// Package uplift emulates Uplift's wss://api.upliftai.org: a plain WebSocket and Socket.IO over WebSocket or polling, with
// the same messages. Invariants:
//
//  1. The session knows nothing of the wire below it: a line delivers its messages, whichever wire that is.
//  2. Requests of a session run side by side; only frames of one request keep their order.
//
// The messages come from Uplift's docs, WebSocket TTS. The plain WebSocket is not on that page: it is known from the vendor's
// SDK for JavaScript and its service for Pipecat. Frames of Socket.IO are as the real client library sends and takes them.
// What all of them leave open is drawn by the seed: see quirks.
package uplift
