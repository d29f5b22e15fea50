// Package upstreamtest is the suite that every provider passes, and the scripted vendor that it runs against.
//
// A provider's own test gives Run a Subject: how to open the provider, and a Script that plays the vendor's side of
// the wire in the vendor's words. The suite plans what goes wrong, and checks what comes out of the Sink.
// Everything runs in memory and on the fake time of testing/synctest, so waiting for a stall costs nothing and a
// goroutine that is left fails the test.
//
// What an adapter's own tests need is here as well: a Recorder, which looks at what the adapter sends; CheckFrames and
// FuzzFrames, which give it frames in the place of a socket's reader (a Tap); and a Loose sink for any bytes.
//
// Invariants:
//
//  1. A Sink fails its test on any call that package upstream's contract forbids, whichever test it serves in.
//  2. Every error that reaches the suite is searched for the key and for the text.
//  3. A subject skips tests of the wire only by saying that it has none.
package upstreamtest
