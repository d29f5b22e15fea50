// Package zeligate emulates a ZeliSpeech box, which a customer runs on premises of its own. Invariants:
//
//  1. A socket has one stream, whose text waits until a sentence ends or the schedule is met.
//  2. The reference leaves open how errors look, so the seed draws one of three tellings of them.
package zeligate
