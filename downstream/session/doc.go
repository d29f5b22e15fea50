// Package session is what the WebSockets of all dialects share: a client's connection with its generations, from the handshake
// to its end. A dialect gives it a Talk, which translates between the client's messages and generations. Invariants:
//
//  1. A session has one reader, which calls Talk.Receive and waits for nothing but the socket. Whoever else it starts it waits for.
//  2. Each generation holds the configuration that it began under until its end.
//  3. A session that is to end stops its generations first. None outlives its connection.
//  4. A fault in a Talk ends its session, and no other.
//  5. A relay that goes away lets running generations end, takes no new ones, and closes a session with its last one.
package session
