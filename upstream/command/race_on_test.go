//go:build race

package command

// raceEnabled: the programs of these tests, which are the test's own binary, map terabytes.
const raceEnabled = true
