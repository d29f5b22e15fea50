// Package limits says whether a connection, or a tenant over all its connections, may go on.
//
// What belongs to one connection (Rate, Gate, Seen) is plain memory. What belongs to a tenant goes through a
// Store and Budgets: Memory and MemoryBudgets within this process, Redis for any number of relays. Invariants:
//
//  1. A refusal changes nothing: it takes no token, no slot, no idempotency key and no money.
//  2. Whatever is taken is given back by what the taking returned (a release func, a Grant, a Reservation), once,
//     however often that is called.
//  3. An idempotency key has one owner at a time. It is free again only where its generation ended unheard,
//     or once its window is over and its generation has ended.
//  4. Everything is bounded: ids by Remembered, idempotency keys by the store, the rest by configuration.
//  5. In Redis each decision is one script on keys of one slot, and can be asked again: the record id owns what
//     the first asking took.
//  6. What a relay holds in Redis is leased: it comes back by itself when the relay dies, but for the idempotency
//     key of a generation that was heard, which stays used until its window is over.
//  7. Redis may fail, lose data or be restored from a snapshot: a caller waits for it at most Patience, once,
//     and it is told by each relay what runs there, what has ended and what was spent.
//  8. Idempotency keys stand nowhere in the clear. All relays on a Redis hash them with one secret, which is kept there.
//  9. Slots are the one count of the streams at a provider, within this process. A slot goes to the tenant that has fewest.
//
// 10. What tenants spend is counted whether they have a budget or not, by period and currency, once.
package limits
