// Package position says where in a text its audio is.
//
// A Track has the evidence of one generation: times of words, ends of pieces, and what was heard of a voice that has neither. From it
// come how much of the text was spoken, and the word at which another voice goes on. VoiceModels learn from whole pieces how each voice
// speaks. Invariants:
//
//  1. A resume point is never beyond a word that is not known, or likely enough, to have been heard whole.
//  2. Evidence is used in this order: word times, ends of pieces, the estimate.
//  3. Nothing here waits, logs, or knows of vendors and clients. A Track has no lock: its owner guards it.
package position
