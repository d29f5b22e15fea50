// Package body speaks a single text into the body of an answer over HTTP, for all dialects. Invariants:
//
//  1. A request that ends before its answer cancels its generation.
//  2. Until there is audio, or an end without fault, nothing is written: what fails by then is answered with an error.
//  3. A body that can't be completed is broken off, so that no client takes it for the whole.
package body
