// Package codec compresses samples into MP3, Ogg Opus and FLAC as they come. FLAC it makes itself. MP3 and Opus are made by
// programs of the machine, such as lame and ffmpeg, that are configured or found.
//
// Invariants:
//
//  1. Samples are signed 16-bit little-endian, mono. The same samples, however they are cut into calls, make a stream of
//     the same sound and length. FLAC's decodes to the very same samples.
//  2. What is written comes out with little delay: FLAC after a block of less than 100 ms, the others as soon as their
//     encoder gives it. All of it is out when Finish has returned.
//  3. A program gets samples by standard input, writes to standard output and no file, is confined as package program does
//     it, and is killed with all that it started when its stream is closed or its context ends, and when it hangs.
//  4. The number of programs at once is bounded, and so is what waits of their output. What they write to standard error is
//     discarded.
package codec
