//go:build race

package relaytest

// RaceEnabled says whether the race detector is on, which empties pools at random and takes its time.
const RaceEnabled = true
