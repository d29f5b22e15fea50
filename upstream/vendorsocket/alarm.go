package vendorsocket

import "time"

// Alarm calls a function of its stream's after a while, in a goroutine of its own: where the vendor is waited for, or text.
// The zero value waits for nothing. Its methods are called with the stream's lock held, which the function takes.
type Alarm struct{ timer *time.Timer }

// Set has the alarm go off after d, by f, and not when it was to before. f is the same each time.
func (a *Alarm) Set(d time.Duration, f func()) {
	if a.timer == nil {
		a.timer = time.AfterFunc(d, f)
		return
	}
	a.timer.Reset(d)
}

// Stop has the alarm not go off. It may be doing so already, so the function looks whether there is still something to do.
func (a *Alarm) Stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
