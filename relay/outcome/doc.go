// Package outcome is how an attempt ends, and what that is called: by its vendor, from our side, or since another was faster. It knows
// no attempt; who owns an Outcome guards it.
package outcome
