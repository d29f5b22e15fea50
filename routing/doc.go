// Package routing says who may speak a generation, and in which order.
//
// A Table holds the configured names: routes are ordered lists of targets (a provider and a model), voices are
// aliases of vendors' voice ids. A Query is what a client asked for and what its key allows; it resolves to a
// Plan. Invariants:
//
//  1. A Table never changes. A Plan belongs to one generation and never changes either.
//  2. Every candidate of a plan has a provider that is configured, and a voice that is an id of that provider.
//  3. Candidates stand in the order of the route's targets, but for a preferred provider's, which come first.
//  4. What a key may not use is refused, or left out of lists and defaults; it never shows by another name.
package routing
