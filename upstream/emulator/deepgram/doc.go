// Package deepgram emulates Deepgram's Aura, wss://api.deepgram.com/v1/speak. Invariants:
//
//  1. A connection has one voice and one turn at a time: what is said goes into the turn, Flush speaks it, Clear drops it.
//  2. Audio comes as binary frames without any name, so only their order tells whose they are.
//
// The rules come from Deepgram's docs, TTS WebSocket (Speak, Flush, Clear, Close, Media output and errors), and from what its
// SDKs, LiveKit's plugin and Pipecat's service send and can read. What all of them leave open is drawn by the seed: see
// quirks. Flux, which is /v2/speak and has other messages, is not emulated.
package deepgram
