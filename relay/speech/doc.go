// Package speech is what one vendor says of a text: the pieces it was given, the audio that came, and where in the text that is.
//
// A Speech cuts the text into pieces and says when the next one may go out; it judges what comes back, by the clock and by the text;
// and it says what of the text the caller has heard, by word times or by listening. Invariants:
//
//  1. A vendor has piecesAhead pieces at most, and as much as the client has room for: a cancel pays for little that was not heard.
//  2. A vendor counts as late only while it owes something, and only by time in which this process ran and the caller waited.
//  3. Audio that is missing, that ends in mid-text, or that no text could take is an error, though the vendor reports success.
//  4. A Speech counts in audio of its own until Enter puts it behind what was sent; from then on its words and pieces stand in the
//     generation's track, until Leave.
//  5. Nothing here waits, locks or logs, and no client's protocol is known: what is called is guarded by the generation's lock.
package speech
