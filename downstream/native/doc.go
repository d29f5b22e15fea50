// Package native is the relay's own protocol, which docs/protocol.md describes: sessions over WebSockets, and single texts over HTTP.
//
// A generate's way through the files: handshake.go makes a session of a request, session.go reads it, commands.go applies what the
// client says, settings.go makes a request to the engine of it, register.go remembers what runs and what has ended, generations.go follows them, and encoders.go
// says what the client gets. speech.go is the other way, a POST whose answer is the audio. Invariants:
//
//  1. The session's reader waits for nothing but its socket, so a cancel waits for nothing.
//  2. A socket belongs to its session. No generation's context reaches a read or a write.
//  3. Generations belong to their session, or to their request: each is waited for.
//  4. session.mu is taken before any lock of the engine, and never while one is held.
package native
