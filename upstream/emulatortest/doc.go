// Package emulatortest sets an adapter before the emulator of its vendor, and listens to what comes out of it.
//
// An adapter's own tests describe it as a Subject. What holds of every vendor is checked here: that all words are
// heard, at the times that are told, that a fault ends a stream as what it is, that streams are kept apart. What one
// vendor alone does is checked in its adapter's folder, on the same Rig.
//
// Invariants:
//
//  1. A test that fails names the seed, and how the vendor behaves by it.
//  2. Every error that a stream ends with is searched for the keys of both sides.
package emulatortest
