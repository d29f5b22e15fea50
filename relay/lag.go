package relay

import (
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// A vendor may speak more slowly than real time, and its caller hears gaps. One that says less than one part in paceShare of it over
// paceWindow, though it owes audio and its caller had none left to hear, does not speak. With runawayFactor this bounds how
// long a text can be spoken.
const (
	paceShare  = 8
	paceWindow = 10 * time.Second
	// stallsInWindow: a vendor that may be silent for stall_timeout is given as much time again to make up for it.
	stallsInWindow = 2
)

// lag is since when a vendor has owed audio without a pause, or since it last kept up, and what it had sent by then. The zero
// value is nothing of the kind.
type lag struct {
	from time.Time
	had  time.Duration
}

// pacedLocked is when to look next at a vendor that has until deadline to send something, or the error that it sends too
// little.
func (v *arrivals) pacedLocked(deadline, now time.Time) (time.Time, error) {
	if v.lastFrame.IsZero() || v.a.orders.delivered == len(v.a.orders.pieces) {
		return deadline, nil // no audio yet, or none that is owed
	}
	if v.lag.from.IsZero() {
		v.lag = lag{now, v.clock.duration()}
	}
	window := max(paceWindow, stallsInWindow*v.a.g.req.plan.StallTimeout)
	if due := v.a.awake().Adjust(v.lag.from, now).Add(window); now.Before(due) {
		return awake.Earlier(deadline, due), nil
	}
	said := v.clock.duration() - v.lag.had
	ranDry := v.a.out.lane.InHand(now) <= said // else there was enough in hand when the window began
	if said < window/paceShare && ranDry {
		return time.Time{}, &upstream.Error{Kind: upstream.Stalled, Message: "audio far below real time"}
	}
	v.lag = lag{now, v.clock.duration()}
	return awake.Earlier(deadline, now.Add(window)), nil
}
