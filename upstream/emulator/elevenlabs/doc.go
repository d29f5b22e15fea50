// Package elevenlabs emulates ElevenLabs' wss://api.elevenlabs.io: its Text to Speech socket of several contexts, and its Text to
// Dialogue sockets, of one and of several, which serve the models of the third and fourth generation. Invariants:
//
//  1. Only frames of one context keep their order.
//  2. What is wrong with one message closes the whole socket with 1008.
//  3. A dialogue has no cancel: what closes a context has the rest spoken, and only the end of its socket stops it.
//
// The rules come from the AsyncAPI schema in ElevenLabs' repository of docs and in its npm package, from its guides, from what
// LiveKit's plugin and Pipecat's service send and read, and from the threads of GitHub that report what the service does.
// Where they differ, or are silent, the seed draws: see quirks.
package elevenlabs
