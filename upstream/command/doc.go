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
//  2. The program has nothing of the relay's environment but PATH, and a process group of its own. When a piece ends, however
//     it does, the group is killed, with all that the program left running, and the folder goes with what is in it.
//  3. Time, output and the number of programs at once are bounded.
//  4. A piece ends with its program, so PieceEnd is exact. Frames are of whole samples.
//  5. What the program writes to standard error is discarded: it may repeat the text.
//  6. On Linux the program has no rights but its user's, is held to Limits, and dies with a relay that was killed: it is started
//     by way of the relay's own binary (Inside), and watched by another process of it.
package command
