// Package server is the HTTP server of the relay: its endpoints, keys, quotas, limits of connections and of memory, reports, health,
// reload and drain.
//
// A generate's way through the files: accept.go upgrades a connection, session.go reads it, commands.go applies what the client
// says, settings.go makes a request of it, which package relay speaks; encoders.go says what the client gets. Invariants:
//
//  1. The session's reader waits for nothing but its socket, so a cancel waits for nothing.
//  2. A socket belongs to its session. No generation's context reaches a read or a write.
//  3. Sessions belong to the server, and generations to their session: each is waited for.
//  4. Server.mu is taken last, or alone; session.mu before any lock of the engine.
//  5. A generation works by the setup that was in force at its generate, and by nothing of a later one (reload.go).
package server
