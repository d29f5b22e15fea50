// Package elevenlabs emulates ElevenLabs' wss://api.elevenlabs.io, its sockets of several contexts. Invariants:
//
//  1. Only frames of one context keep their order.
//  2. What is wrong with one message closes the whole socket with 1008.
//
// The rules come from the AsyncAPI schema in ElevenLabs' repository of docs and in its npm package, from its guides, from what
// LiveKit's plugin and Pipecat's service send and read, and from the threads of GitHub that report what the service does.
// Where they differ, or are silent, the seed draws: see quirks.
package elevenlabs
