package relay

import "time"

// alarm is a reusable timer for waits that may have no end.
type alarm struct{ timer *time.Timer }

func newAlarm() *alarm { return &alarm{} }

// at is a channel that fires at until, or never where it is zero. It replaces the former alarm.
func (a *alarm) at(until time.Time) <-chan time.Time {
	if until.IsZero() {
		a.stop()
		return nil
	}
	if a.timer == nil {
		a.timer = time.NewTimer(time.Until(until))
	} else {
		a.timer.Reset(time.Until(until))
	}
	return a.timer.C
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
