// Package deepgram is the adapter for Deepgram's Aura, /v1/speak, and for Flux, /v2/speak.
//
// A socket speaks by one voice, in one format, one text after another, and its audio frames name nothing: so a stream has a
// socket of its own. A piece is a Speak and a Flush, whose Flushed comes after all of its audio. The vendor takes
// twenty Flushes a minute and ignores more, so a stream of many pieces keeps some of them back: they wait for a Flush
// together, and end together.
//
// Flux has the same orders, but its Flushed only says that a Flush has come. SpeechMetadata comes after all audio, and says how many
// characters are charged for. A stream is stopped by Interrupt, which SpeechInterrupted answers, or a Warning where there was nothing to
// stop. That it takes as many Flushes a minute as Aura is assumed.
//
// Sources: Deepgram's documentation of the TTS WebSocket (developers.deepgram.com: Speak, Flush, Clear, Close, errors and
// warnings) and how LiveKit's plugin reads them, which has other names for a Warning's members. Of Flux: its documentation, the
// vendor's SDK, which has Interrupt already, and what LiveKit's and Pipecat's clients wait for.
//
// Invariants:
//
//  1. A Flushed of Aura's, and a SpeechMetadata of Flux', ends the pieces whose Speak stood before its Flush, oldest first.
//  2. No more than the vendor's twenty Flushes go out on a socket within any minute.
//  3. A cancel is Clear or Interrupt; the socket is closed once its answer has come, or the time for that has passed.
//  4. Of an error only what is in the table goes further: its text is free and may quote the client's.
//  5. What the vendor says that it charges for is told where it has said so of every text that it was sent.
package deepgram
