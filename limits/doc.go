// Package limits says whether a connection, or a tenant over all its connections, may go on.
//
// What belongs to one connection (Rate, Gate, Seen) is plain memory. What belongs to a tenant goes through a
// Store, so that several relays can share one truth. Invariants:
//
//  1. A refusal changes nothing: it takes no token, no slot and no idempotency key.
//  2. Whatever is taken is given back by what the taking returned (a release func, a Grant), once, however
//     often that is called.
//  3. An idempotency key has one owner at a time. It is free again only where its generation ended unheard,
//     or once its window is over and its generation has ended.
//  4. Everything is bounded: ids by Remembered, idempotency keys by the store, the rest by configuration.
package limits
