// Package text says where a client's text may be cut and what its words are.
//
// A generation's text grows in a Buffer. A Cutter, one for each attempt, takes pieces from it for a vendor to
// speak. An Aligner leads the words that the vendor has spoken back to the client's own. Invariants:
//
//  1. Every offset is a count of Unicode code points in the client's whole text, whatever a vendor was sent.
//  2. The spans of a Cutter's pieces are contiguous: from its start to the end of the text nothing is left out, doubled or
//     moved, and how the text came in pieces never changes that.
//  3. A piece has a letter or digit to speak, except a last, empty one that only says that the text is over.
//  4. With what is after a cut already known, no cut falls into a tag, a spell region, a number, an
//     abbreviation or a grapheme cluster; a word is cut only where it alone is longer than a piece may be.
//  5. What a vendor is sent is no longer than Schedule.Max, except one spell region, tag or grapheme cluster that is.
//  6. An Aligner gives each word of its piece once and in order, with times that never go back, and what it gives doesn't
//     depend on how the spoken words were grouped on their way.
//
// Nothing here starts a goroutine or is safe for concurrent use: the caller's lock guards a Buffer and its Cutters.
package text
