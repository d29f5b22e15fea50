// Package zeligate emulates a ZeliSpeech box, which a customer runs on premises of its own. Invariants:
//
//  1. A socket has one stream, whose text waits until a sentence ends or the schedule is met.
//  2. The reference leaves open how errors look, so the seed draws one of three tellings of them.
//
// The rules come from the docs of voice.zeligate.com, version 1.3.0: Authentication, Streaming, Errors, Output formats,
// Voices, Voice settings and Migrate. Where they are silent, those of ElevenLabs' stream-input are likely, since this protocol
// mirrors it; the seed draws whether that is so: see quirks.
package zeligate
