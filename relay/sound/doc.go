// Package sound takes a vendor's frames to what a client gets of them: passed on as they are or converted, faded from one voice into the
// next, and kept back while it may still be cut.
//
// Invariants:
//
//  1. A frame costs no allocation, once buffers have their size.
//  2. A Payload is valid until the next frame of its Conversion. Held keeps copies.
//  3. What is passed on is base64 of whole samples in the client's format, checked, and on one line.
//  4. All of a vendor's audio is converted once any of it was, since the converter may hold half a sample.
//  5. Nothing here locks or waits: its owner guards it.
package sound
