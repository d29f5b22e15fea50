// Package assemblyai emulates AssemblyAI's wss://tts.us.assemblyai.com/v1/ws, streaming text to speech. Invariants:
//
//  1. A session's requests are spoken one after the other. Each Flush and each Cancel takes the next number, from 0 on.
//  2. FlushDone comes after a request's last Audio, and its WordBoundaries, if any, after that. Nothing of a request that was cancelled
//     comes after Cancelled.
//  3. Nothing is generated for a request once a Cancel has been read.
//  4. An Error is followed by a close with its code, always.
//
// The rules come from AssemblyAI's docs (streaming text to speech: message frames, errors, limits), and from what its SDK for Python,
// LiveKit's plugin and Pipecat's service send and can read. Where these are silent, the seed draws: see quirks.
package assemblyai
