// Package deepgram is the adapter for Deepgram's Aura, /v1/speak.
//
// A socket speaks by one voice, in one format, one text after another, and its audio frames name nothing: so a stream has a
// socket of its own. A piece is a Speak and a Flush, whose Flushed comes after all of its audio. The vendor takes
// twenty Flushes a minute and ignores more, so a stream of many pieces keeps some of them back: they wait for a Flush
// together, and end together.
//
// Sources: Deepgram's documentation of the TTS WebSocket (developers.deepgram.com: Speak, Flush, Clear, Close, errors and
// warnings) and how LiveKit's plugin reads them, which has other names for a Warning's members.
//
// Invariants:
//
//  1. A Flushed ends the pieces whose Speak stood before its Flush, oldest first.
//  2. No more than the vendor's twenty Flushes go out on a socket within any minute.
//  3. A cancel is Clear; the socket is closed once Cleared has come, or the time for it has passed.
//  4. Of an error only what is in the table goes further: its text is free and may quote the client's.
package deepgram
