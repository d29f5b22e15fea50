// Package conversations remembers which target was heard last in each call, so that a caller who has heard a second voice is not
// spoken to by the first again. Invariants:
//
//  1. Whoever spoke last in the order of the client's requests counts, however their audio overlaps.
//  2. A conversation is one tenant's. What a tenant has here is bounded: its conversations that were quiet for longest go first.
//  3. Relays that share a store know of each other's conversations as far as that store answers at once. No generation waits for it
//     longer than Patience, and none while the store does not answer. What one relay alone knows is never lost by another's silence.
package conversations
