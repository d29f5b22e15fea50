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

// paced is when to look next at a vendor that must send something by deadline, or the error that it sends too little.
func (v *arrivals) paced(deadline, now time.Time) (time.Time, error) {
	if v.lastFrame.IsZero() || v.s.orders.delivered == len(v.s.orders.pieces) {
		return deadline, nil // no audio yet, or none that is owed
	}
	if v.lag.from.IsZero() {
		v.lag = lag{now, v.clock.duration()}
	}
	window := max(paceWindow, stallsInWindow*v.s.cfg.StallTimeout)
	if due := v.s.cfg.Awake.Adjust(v.lag.from, now).Add(window); now.Before(due) {
		return awake.Earlier(deadline, due), nil
	}
	said := v.clock.duration() - v.lag.had
	ranDry := v.s.cfg.Client.InHand(now) <= said // else there was enough in hand when the window began
	if said < window/paceShare && ranDry {
		return time.Time{}, &upstream.Error{Kind: upstream.Stalled, Message: "audio far below real time"}
	}
	v.lag = lag{now, v.clock.duration()}
	return awake.Earlier(deadline, now.Add(window)), nil
}
