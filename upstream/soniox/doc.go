// Package soniox is the adapter for Soniox' real-time text to speech, /tts-websocket.
//
// The vendor has no flush: it speaks a text when it has enough of it, or when the text ends, and ends a stream of its own
// whose text pauses for some seconds. So each piece is a stream there, complete at once, and its terminated is the piece's
// end. The next piece is ordered while one is still being spoken, and what comes of it early is held. A longer piece is several
// streams, since one lasts two minutes at most.
//
// Sources: Soniox' documentation of real-time TTS (soniox.com/docs/tts and its API reference) and the vendor's own SDK (PyPI
// soniox). What its times count from, and what else neither says, is marked assumed in the capabilities or where it matters.
//
// Invariants:
//
//  1. The sink hears the pieces one after another, whatever the order in which the vendor speaks them. An error waits until the
//     pieces before it have been delivered.
//  2. A stream of the vendor's is named STREAM.NUMBER. A stream of ours has two of them at the vendor at most, so that those of a
//     socket's streams are fewer than the five that a socket takes.
//  3. A terminated that no audio_end preceded is a failure, unless the stream was cancelled: it looks the same then.
//  4. An error that names its stream ends that one alone; one that names none, and a frame that breaks the protocol, end the
//     socket.
//  5. Of an error only the code goes further: its text is free and may quote the client's.
package soniox
