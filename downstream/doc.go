// Package downstream says what a dialect is: a protocol that clients speak to the relay. Each has a folder below this one, which
// translates between its clients and the engine, and does nothing else.
//
// A dialect holds to this:
//
//  1. It asks the server for a place before it takes a client, and gives it back once.
//  2. It speaks by the terms of Hold, which it releases once its generation has ended, and by no others.
//  3. It enrolls a client that has generations, so that the relay waits for it when it stops, and ends it when asked to.
//  4. Its errors carry no internals, and neither text nor audio nor keys reach a log.
package downstream
