// Package program runs other programs of the machine for the relay: confined, bounded, and killed with all that they started.
//
// Invariants:
//
//  1. A program has nothing of the relay's environment but PATH, a folder of its own, which is its working directory and the
//     place for its temporary files, and a process group of its own. When it ends, or its context does, the group is killed,
//     with all that the program left running, and the folder goes with what is in it.
//  2. On Linux the program has no rights but its user's, is held to Limits, and dies with a relay that was killed: it is
//     started by way of the relay's own binary (Inside), and watched by another process of it.
//  3. What it writes to standard error is discarded, for it may repeat what it was given.
package program
