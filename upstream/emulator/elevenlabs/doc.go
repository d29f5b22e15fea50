// Package elevenlabs emulates ElevenLabs' wss://api.elevenlabs.io, its sockets of several contexts. Invariants:
//
//  1. Only frames of one context keep their order.
//  2. What is wrong with one message closes the whole socket with 1008.
package elevenlabs
