// Package vendorsocket is what adapters share that speak to their vendor over a WebSocket. The engine and routing never see it.
//
// Socket is one WebSocket with its reader, writer and pings; Mux shares a socket among streams by id; Pool opens sockets, seats
// streams on them, keeps some open ahead of need and waits for every goroutine; Account is the part of a provider that has a Pool.
// What an adapter adds is a Dialect: the address, and what a frame, a refusal and a close mean. Invariants:
//
//  1. A vendor socket is read and written under its own lifetime: no generation's context ever reaches it.
//  2. Every goroutine belongs to a socket or a pool, whose Close waits for it.
//  3. Locks are taken in this order: an adapter's stream, the pool, a seat, a mux. None of the last three is held while a member is
//     told that its socket is lost, or while anything is waited for.
package vendorsocket
