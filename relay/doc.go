// Package relay is the server: it speaks the client protocol, and executes what routing plans.
//
// One generation's way through the files: accept.go upgrades a connection, session.go reads it, commands.go
// applies what the client says, resolve.go turns a generate into a request, generation.go runs it, attempt.go
// speaks it at one target, output.go what all attempts share, sink.go is the step of each audio frame, package delivery brings it to
// the client, settle.go is its end. Invariants:
//
//  1. Every accepted generation sends exactly one done: Generation.Finish is the one place that queues it.
//  2. The session's reader waits for nothing but its socket, so a cancel waits for nothing.
//  3. Nothing but a generation's end follows once it has been stopped: its lane is purged under the lock that
//     the frame step takes.
//  4. A socket belongs to its session. No generation's context reaches a read or a write.
//  5. Whoever starts a goroutine waits for it: generations belong to their session, sessions to the server.
//  6. Locks are taken in this order: session.mu, output.mu, the outbox's. Server.mu is taken last, or alone.
//  7. A generation works by the setup that was in force at its generate, and by nothing of a later one (reload.go).
package relay
