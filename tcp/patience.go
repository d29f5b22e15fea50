package tcp

import "time"

// expiry is when patience is over; zero: never.
func expiry(patience time.Duration) time.Time {
	if patience == 0 {
		return time.Time{}
	}
	return time.Now().Add(patience)
}
