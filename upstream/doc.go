// Package upstream says what a provider of speech is, and holds the contract that all adapters keep.
//
// An adapter lives in a folder of its own below this one. It translates between a vendor's wire and
// three types: a Request opens a Stream, Pieces of text go into the Stream, and audio, word times and
// the end come out through a Sink. Invariants, which the suite in upstreamtest checks for every provider:
//
//  1. An adapter translates. It never retries a generation, reroutes, bills, caches, or logs text, audio or keys.
//  2. A Stream that Open returned calls its Sink's End exactly once, at the latest before Close returns.
//  3. The Sink is called by one goroutine at a time, and never after End or after Close has returned.
//  4. Close with a cause other than nil stops the vendor in the vendor's own words before it returns, or
//     closes the vendor's socket where it has no such words.
//  5. Every error that leaves an adapter is an *Error whose message contains no secret and no text of the client.
//  6. A piece is owed from the moment at which the vendor has the order to speak it. What a stream keeps back (for an
//     allowance, or until a socket is open) it tells its Sink, and sends in time by itself.
//  7. No generation's context ever reaches a vendor's socket. Package vendorsocket has what adapters share to keep that.
package upstream
