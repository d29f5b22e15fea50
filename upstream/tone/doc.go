// Package tone is the reference provider: each word is a sine of its own pitch, made in the process, without a
// network. It is deterministic, and all its waiting is done on timers, so that it runs on the fake time of
// testing/synctest. It is also what an operator may put last in a route while trying things out.
//
// Invariants:
//
//  1. Audio and word times follow from text, speed and Config alone.
//  2. A stream has one goroutine; it alone calls the sink, and Close waits for it.
//  3. All audio of a piece precedes its PieceEnd, and a word follows the frame in which it ends.
package tone
