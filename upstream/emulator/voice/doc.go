// Package voice is how emulated vendors sound, and how a test hears what was said.
//
// Each word is a sound of its own: two symbols, one after the other, each of two tones at once, all four chosen by a
// hash of the word. The tones lie between 400 and 3210 Hz, so that a word survives a telephone's 8 kHz and G.711.
// Invariants:
//
//  1. The same text and seed give the same samples; another seed gives words of other lengths (± 40 %).
//  2. Between two words there is silence, so that a doubled word is heard twice.
//  3. Decode knows nothing but the samples and the words to listen for. What it can't make out it reports as Unknown.
package voice
