// Package refusals is why a generation is refused or fails, as its client is told: a code, a message, and what goes with them. What a client
// gets of that is its dialect's matter.
package refusals
