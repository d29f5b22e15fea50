// Package deepgram emulates Deepgram's Aura, wss://api.deepgram.com/v1/speak. Invariants:
//
//  1. A connection has one voice and one turn at a time: what is said goes into the turn, Flush speaks it, Clear drops it.
//  2. Audio comes as binary frames without any name, so only their order tells whose they are.
package deepgram
