// Package fish is the adapter for Fish Audio's live TTS WebSocket with timestamps, /v1/tts/live/with-timestamp.
//
// A socket there speaks one text: start, text and flush for each piece, stop, and then the vendor's finish, with which it closes
// the socket. So a stream has a socket of its own, which may be open before it comes, and is stopped by closing that. Frames are
// MessagePack both ways, in binary frames; the model stands in a header.
//
// Nothing answers a flush. What comes is the audio of chunks, each with the text that it is of, and, cumulatively, the times
// of its words. A piece is over once chunks have had all of its text and either the next one begins, or the vendor finishes, or
// nothing more comes for a while though the words say that this was all.
//
// Sources: the vendor's documentation of the socket (docs.fish.audio, WebSocket TTS with Timestamps, with its AsyncAPI) and its SDK,
// fish-audio-sdk. That chunks end where a flush was is assumed.
//
// Invariants:
//
//  1. A chunk is of one piece: the first that is not over and has its text next. So no piece ends before its text has come.
//  2. The words of a chunk are told once, when it is over, since each snapshot of them replaces the one before. Where the stream is
//     lost in its middle, those that were heard whole are told.
//  3. Of an error only what is in the table goes further: its text is free and may quote the client's.
//  4. Reading a frame of audio without times allocates nothing: its bytes are handed on as they stand in the frame.
package fish
