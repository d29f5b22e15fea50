// Package engine is what every emulated vendor has: the server with its options and what it has seen, the faults that it
// makes, speech and its encodings, and the distance that bytes travel. A vendor's folder says the rest, in the vendor's
// own words. Invariants:
//
//  1. The engine knows no vendor. What differs between vendors is in Vendor, or in the vendor's own package.
//  2. What a vendor's reference leaves open is drawn from Options.Seed and printed by Server.Quirks.
//  3. A server charges for the audio it generated, whether or not anybody read it.
//  4. A server keeps what it saw (Stats); a test waits for it with Server.WaitFor, never by sleeping.
//  5. Close waits for every goroutine: those of requests, and those that Server.Go runs.
package engine
