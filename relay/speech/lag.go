package speech

import (
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// A vendor may speak more slowly than real time, and its caller hears gaps. It counts as stalled if over paceWindow it sent
// less than one part in paceShare of real time, though it owed audio and its caller had none left. Together with
// runawayFactor this bounds how long a text can be spoken.
const (
	paceShare  = 8                // slower than any voice that a caller would wait for
	paceWindow = 10 * time.Second // longer than pauses between sentences
	// stallsInWindow: a vendor that may be silent for stall_timeout gets as much time again to make up for it.
	stallsInWindow = 2
)

// lag is one window in which a vendor's pace is measured: when it began, and how much audio had come by then. Zero: none is
// measured.
type lag struct {
	from time.Time
	had  time.Duration
}

// paced is when to look next at a vendor of whom so much audio has come, and who must send something by deadline, or the error that it
// sends too little.
func (l *lag) paced(cfg *Config, had time.Duration, deadline, now time.Time) (time.Time, error) {
	if l.from.IsZero() {
		*l = lag{now, had}
	}
	window := max(paceWindow, stallsInWindow*cfg.StallTimeout)
	if due := cfg.Awake.Adjust(l.from, now).Add(window); now.Before(due) {
		return awake.Earlier(deadline, due), nil
	}
	said := had - l.had
	ranDry := cfg.Client.InHand(now) <= said // else there was enough in hand when the window began
	if said < window/paceShare && ranDry {
		return time.Time{}, &upstream.Error{Kind: upstream.Stalled, Message: "audio far below real time"}
	}
	*l = lag{now, had}
	return awake.Earlier(deadline, now.Add(window)), nil
}
