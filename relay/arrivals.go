package relay

import "time"

// arrivals are when the vendor's audio came, and since when more of it is due.
type arrivals struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	clock     inputClock
	frames    int           // on clock
	lastFrame time.Time     // zero: no audio yet
	interval  time.Duration // usual between frames
	owedSince time.Time     // since when the vendor owes what it owes
	lag       lag
	letGo     time.Time // when the stream last sent what it had kept back, while nothing else was owed; zero: never
}
