// Package wyoming is the adapter for Wyoming, the speech protocol of Home Assistant, by which Piper and other engines speak that
// people run themselves.
//
// A connection carries JSON lines, each with a block of data and one of raw bytes behind it if it says so. A stream has a
// connection of its own. Each piece is a synthesize, sent at once since the server queues them, and is answered by audio-start,
// audio-chunk … and audio-stop, which is its end. There is no word for a cancel: the connection is closed, which stops the
// server when it next writes. One whose stream has come to its end is kept for the next.
//
// Sources: the protocol's own library (PyPI wyoming 1.10.2), and a running wyoming-piper 2.5.2.
//
// Invariants:
//
//  1. Each audio-stop ends the oldest piece. One without audio is no_audio.
//  2. A piece's audio has the format that it tells itself, which is the voice's; it may differ from piece to piece.
//  3. A connection that was given up, or on which something failed, carries no further stream.
//  4. A line, a block of data and one of audio are bounded; a longer one is garbled, and is not read.
//  5. Of an error its code goes further: its text may be the voice's name, or quote the client's text.
package wyoming
