// Command bench measures what the relay adds between an agent and its vendor, beside nginx forwarding the same
// bytes blind and a direct connection. docs/performance.md says how to run it and how to read it.
//
//  1. All paths are measured in one run, in turn and over several rounds, so that what else the machine does hits
//     each of them. What is to be believed are the ratios.
//  2. Vendor and clients are one process with one clock. Each audio frame has the time at which it was sent and
//     its number, in its first samples: no table is needed to match them, and a frame that was lost, repeated,
//     swapped or changed on its way shows.
//  3. The vendor must not be what limits: its frames are built beforehand, and how late it was itself is measured.
//  4. The relay is the real program with the shipped defaults; only limits on how much one client may ask are raised.
//  5. Nothing outlives the run: every goroutine is waited for, and child processes end even if this one is killed.
//  6. A run that lost a frame fails.
package main
