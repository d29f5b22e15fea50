// Package uplift is the adapter for Uplift AI's text-to-speech/multi-stream, over a plain WebSocket or over Socket.IO.
//
// The vendor takes whole utterances: each piece of a stream is a request of its own, with an id of its own. Requests
// run side by side at the vendor, and their audio comes in any order.
//
// Sources: Uplift AI's documentation of multi-stream (docs.upliftai.org: messages, limits, errors) and the vendor's own
// clients, client-js and pipecat-upliftai, which speak the plain WebSocket.
//
// Invariants:
//
//  1. A stream's audio leaves this package in the order of its pieces. What comes too early is held, within bounds; an
//     error waits until the pieces before it are delivered.
//  2. A request has a place on a socket from before it is sent until the vendor ends it, or for a moment after it was
//     cancelled, since the vendor does not answer that.
//  3. On no socket do more than 60 requests begin within a minute, nor are more than 100 cancelled: those that are
//     cancelled began within it or were under way at its start, and at most 40 are under way at once.
//  4. Sockets are shared within a tenant only, since an error that names no request ends all that are on one.
//  5. The key stands in the upgrade's header, or in Socket.IO's first packet, and nowhere else.
package uplift
