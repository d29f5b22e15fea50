// Package command is the adapter for programs of this machine that read a text and write audio, such as espeak-ng, flite
// or piper. It needs no network, so it is what a route can end with.
//
// The program is run once for each piece, in a folder of its own. It gets the text by standard input, or in a private file
// there where the command has {file}, and writes a WAV file, or bare samples, to standard output, which go on as they come.
//
// Invariants:
//
//  1. Nothing of a client's is ever an argument: the text is none, and of voices only those that the configuration
//     names take the place of {voice}.
//  2. The program is confined, bounded and killed with all that it started, as package program does it, when a piece ends,
//     however it does.
//  3. Time, output and the number of programs at once are bounded.
//  4. A piece ends with its program, so PieceEnd is exact. Frames are of whole samples.
//  5. What the program writes to standard error is discarded: it may repeat the text.
package command
