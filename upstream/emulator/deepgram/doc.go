// Package deepgram emulates Deepgram's wss://api.deepgram.com: Aura, which is /v1/speak, and Flux, /v2/speak. Invariants:
//
//  1. A connection has one voice and one turn at a time: what is said goes into the turn, and Flush speaks it. Clear drops
//     Aura's, and Interrupt drops Flux's.
//  2. Audio comes as binary frames without any name, so only their order tells whose they are.
//  3. Each speech of Flux that has begun ends once: by SpeechMetadata, by SpeechInterrupted, or with the connection.
//
// The rules come from Deepgram's docs, TTS WebSocket (Speak, Flush, Clear, Close, Media output and errors) and Flux TTS, and
// from what its SDKs, LiveKit's plugin and Pipecat's services send and can read. What all of them leave open is drawn by the
// seed: see quirks. Interrupt and Configure, which Flux's docs announce and the SDKs send, are always understood.
package deepgram
