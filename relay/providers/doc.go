// Package providers is what generations are spoken by: the configured providers with their slots, circuits and prices, and the routes
// and voices that name them.
//
// A Setup is one configuration of them. It chooses no target, which is the engine's matter, but says which may not be chosen: those
// that rest, and those that a tenant's budget excludes. A Stream is an attempt's at one of them. Invariants:
//
//  1. A Setup never changes once generations use it. What changes is within its providers and circuits, which guard themselves.
//  2. What is known of a provider outlives a reload: Inherit hands circuits and slots on, so no account gets more streams by it.
//  3. A slot comes free once the vendor has let go of the stream that had it, and not before.
//  4. A name that no configuration has is recorded only while there are few of them (RawNames).
package providers
