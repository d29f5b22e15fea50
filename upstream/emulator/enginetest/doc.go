// Package enginetest is what the tests of emulated vendors share. Invariants:
//
//  1. PlayTranscripts holds an emulator to its vendor's documented exchanges, of which testdata has one a file. Those
//     of testdata/quirks show what the reference leaves open, in each of the ways that may be drawn. MeetFaults puts each fault before a
//     speech, and AllDrawn looks for each setting of each quirk.
//  2. It knows no vendor: a Dialect says how a vendor's frames are compared, a Speaker how a text is spoken.
//  3. An emulator is served in the test's bubble (Wire), so time is faked, and a busy machine makes no difference.
//  4. Nothing but tests imports it.
package enginetest
