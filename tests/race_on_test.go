//go:build race

package tests

// raceEnabled: the relay under test is built with the race detector, as the tests are.
const raceEnabled = true
