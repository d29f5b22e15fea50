// Package billing says what speech cost and what is kept of it.
//
// Invariants:
//
//  1. Money is whole micro-units of one currency, never a float. It is rounded half up, once, where a decimal or
//     a price becomes Money; sums are exact.
//  2. What is unknown is unavailable, never 0, and stays visible in every sum that it belongs to.
//  3. A record has no text, no audio and no keys.
package billing
