// Package ledger keeps the record of every generation in one SQLite file: it is the ledger where there is no Redis,
// and the outbox where there is. schema.sql describes the file for those who open it with other tools.
//
// Invariants:
//
//  1. One process writes: it holds a lock on the file, and one on a file next to it, and one goroutine of it commits all that waits in one
//     transaction, which is synced to the disk before anyone is told.
//  2. A generation has one row from its admission on. It is closed once: it gets its outcome and its number in the
//     same transaction, which adds it to the hourly sums as well.
//  3. Every start is an epoch. An epoch's records are numbered 1, 2, 3 for each tenant without a gap, and no other
//     process ever gives out a number of it.
//  4. What was open when a process died is closed as interrupted by the next one: before that admits anything, or, where the
//     records are shared, once it is known that nobody else has closed it. A file may be a copy that is older than what was
//     shared of it: it takes in what it lacks under the numbers that were given out, and gaps have the rest.
//  5. Nothing is lost in silence: a close that can't be written is kept in memory and tried again, and whoever closed
//     is told so; while that lasts nothing is admitted. What outgrows that memory stays open in the file, and is
//     closed as interrupted by the next start.
//  6. Everything that waits is bounded: changes by queueSize, closes that can't be written by maxKept.
//  7. There is no text, no audio and no key in the file.
package ledger
