package session

import "time"

// Strikes counts a client's messages that make no sense, for a dialect that cuts off who keeps sending them. The zero value has
// none.
type Strikes struct {
	at   []time.Time // of the last ones, a ring once it is full
	next int
}

// Add notes one, and reports whether there were so many within a minute. most is the same each time.
func (k *Strikes) Add(now time.Time, most int) bool {
	if len(k.at) < most {
		k.at = append(k.at, now)
	} else {
		k.at[k.next] = now
		k.next = (k.next + 1) % most
	}
	return len(k.at) == most && now.Sub(k.at[k.next]) < time.Minute
}
