// Package emulator has the vendors' own side of the wire: servers that answer as the vendors' references say, with
// their errors, limits and quirks. Package engine is what they share, and a folder each has what a vendor does. They are
// written from the references alone and import no adapter, so that an adapter's mistake is not repeated on the other side.
// Invariants:
//
//  1. This package is the list of vendors, by name, and nothing else: a new vendor needs a folder and a line here.
//  2. No vendor's folder imports another's. What two need is the engine's.
package emulator
