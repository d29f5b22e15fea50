// Package tests holds the stories that a relay must live up to, told from outside.
//
// A real relay process, built with the race detector, is spoken to over real sockets; the vendors behind it
// are emulators in the test process, whose words are tones that can be heard again in the received audio.
//
//  1. Nothing here knows the relay's packages: messages are decoded by structs and tables of this folder's own,
//     written from the protocol, so that a mistake in the relay's encoder can't hide in its own decoder.
//  2. Every message of every test passes one client, which checks the protocol's rules on each of them and fails
//     the test at once, with the transcript. The checker has tests of its own that forge breaches.
//  3. Nothing waits by sleeping: tests wait for messages, for what an emulator saw or for a process, each with a
//     deadline. Only how long something stays broken is a time.
//  4. A relay that prints a data race, a panic or a secret fails the test that started it.
package tests
