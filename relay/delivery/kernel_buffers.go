package delivery

// Bounds on what the kernel holds for a client that stops reading: a cancel can't take that back.
const (
	sendBuffer    = 128 << 10 // bytes sent or to be sent
	unsentAllowed = 16 << 10  // bytes not yet sent, of which a quarter of a second of audio fits
)
