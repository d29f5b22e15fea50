//go:build !race

package tests

// raceEnabled: the relay under test is built as users build it.
const raceEnabled = false
