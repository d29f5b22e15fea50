// Package peers is what the relays on one Redis tell each other once a second, so that any of them can show how all do. Invariants:
//
//  1. An exchange is one transaction of one round trip, and what it leaves in Redis is gone after some seconds without another one.
//  2. Nothing depends on it: where it fails, a relay shows itself alone.
package peers
