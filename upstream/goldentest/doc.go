// Package goldentest plays recorded exchanges with a vendor, which are its emulator's transcripts, to the vendor's adapter.
//
// A transcript is a file of JSON lines: connections that open, frames of either side, closes, refused handshakes. A Player
// puts the adapter before a vendor in memory that says what the transcript says, and an Actor, which is the adapter's own
// test, does what makes the client's lines and tells what must come of the vendor's.
//
// Invariants:
//
//  1. Each connection is played by itself, in a bubble of testing/synctest, and each line has had its effect before the
//     next is played.
//  2. Every stream is compared with what the transcript said of it: its audio and words by their number, and its end. One
//     that has not ended is stopped then, and must end with that.
package goldentest
