package engine

import "time"

// Window lets so many things happen within a time. It is not safe for concurrent use.
type Window struct {
	Most   int
	Length time.Duration

	at []time.Time // those of the latest window
}

// Take counts one more thing, and reports whether it may happen. What may not is not counted.
func (w *Window) Take(now time.Time) bool {
	for len(w.at) > 0 && now.Sub(w.at[0]) >= w.Length {
		w.at = w.at[1:]
	}
	if len(w.at) >= w.Most {
		return false
	}
	w.at = append(w.at, now)
	return true
}

// Next is when one more thing may happen.
func (w *Window) Next(now time.Time) time.Duration {
	if len(w.at) < w.Most {
		return 0
	}
	return w.at[0].Add(w.Length).Sub(now)
}
