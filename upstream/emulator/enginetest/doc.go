// Package enginetest is what the tests of emulated vendors share. Invariants:
//
//  1. PlayTranscripts holds an emulator to its vendor's documented exchanges, of which testdata has one a file.
//  2. It knows no vendor: a Dialect says how a vendor's frames are compared.
//  3. Nothing but tests imports it.
package enginetest
