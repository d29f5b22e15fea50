//go:build !race

package upstreamtest

// Seeds is how many of an emulator's seeds a test goes through: each setting of what is not known of a vendor is met
// several times.
const Seeds = 24

const raceEnabled = false
