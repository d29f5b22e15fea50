// Package emulator has the vendors' own side of the wire: servers that answer as the vendors' references say, with
// their errors, limits and quirks. They are written from the references alone and import no adapter, so that an
// adapter's mistake is not repeated on the other side. Invariants:
//
//  1. What a reference leaves open is drawn from Options.Seed and printed by Quirks.
//  2. A server charges for the audio it generated, whether or not anybody read it.
//  3. A server keeps what it saw (Stats); a test waits for it with WaitFor, never by sleeping.
package emulator
