// Package uplift emulates Uplift's wss://api.upliftai.org: a plain WebSocket and Socket.IO over WebSocket or polling, with
// the same messages. Invariants:
//
//  1. The session knows nothing of the wire below it: a line delivers its messages, whichever wire that is.
//  2. Requests of a session run side by side; only frames of one request keep their order.
package uplift
