//go:build race

package upstreamtest

// Seeds is fewer under the race detector, which makes a test many times slower, and to which seeds hardly matter.
const Seeds = 2

const raceEnabled = true
