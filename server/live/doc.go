// Package live tells operators how all relays do, as it happens, and ends generations for them. Invariants:
//
//  1. It says nothing of what is spoken: no text, no audio, no key.
//  2. What all who watch are told is made once a second, and only while somebody watches, here or at another relay.
//  3. One who reads too slowly is cut off, and holds up nobody. At most mostWatchers watch at a time.
//  4. Where Redis is away, or slow, a relay stands for itself: nothing waits for the others longer than peersPatience.
package live
