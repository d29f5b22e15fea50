// Package vogent emulates wss://api.vogent.ai. Invariants:
//
//  1. Only frames of one generation keep their order.
//  2. A generation ends once: spoken to its end, failed or cancelled.
//
// The rules come from Vogent's docs, API reference, TTS WebSocket, and from the Python program of its Voicelab quickstart,
// which is the only code of the vendor's for this socket. That is little, so much is assumed, and drawn by the seed: see
// quirks.
package vogent
