// Package console is the page by which operators see how relays do, as a browser gets it: HTML, styles and scripts written for it, with
// nothing of others and no build step. What it shows it asks of the documented endpoints. Invariants:
//
//  1. A browser runs no script and loads no file but those in page/, and shows the page within no other one (policy).
//  2. The page says nothing of the relay but how it may be asked: with a key or without.
package console
