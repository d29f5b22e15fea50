// Package server is the HTTP server of the relay: it mounts the dialects that clients speak, and has what they share: keys, quotas, limits
// of connections and of memory, reports of usage, health, reload and drain.
//
// http.go has the endpoints, auth.go looks at keys, configured.go is what a configuration comes to, host.go what dialects ask of the
// server. Invariants:
//
//  1. Clients belong to the server, from Enroll to Leave: Drain waits for each.
//  2. Server.mu is taken last, or alone.
//  3. A generation works by the setup that was in force at its Hold, and by nothing of a later one (reload.go).
package server
