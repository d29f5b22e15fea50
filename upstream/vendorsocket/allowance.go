package vendorsocket

import "time"

// window is how long a stream's beginning counts. The second beyond a minute is for frames that reach the vendor closer
// together than they were sent.
const window = time.Minute + time.Second

// allowance is how many streams may still begin on a socket: by sending their first frame, not by having a place. It
// remembers when the latest began instead of refilling a bucket: vendors count their minutes in ways of their own, and here
// no minute, wherever it starts, has too many.
type allowance struct {
	limit   int         // in any minute; 0: no bound
	waiting int         // those that have a place and have not begun
	began   []time.Time // within the latest window, oldest first
}

// begin notes that a stream which waited begins.
func (a *allowance) begin(now time.Time) {
	a.waiting--
	if a.limit > 0 {
		a.began = append(a.began, now)
	}
}

// left is how many may begin now, besides those that wait.
func (a *allowance) left(now time.Time) int {
	for len(a.began) > 0 && now.Sub(a.began[0]) >= window {
		a.began = a.began[1:]
	}
	return a.limit - len(a.began) - a.waiting
}

// spent reports whether no other stream may come.
func (a *allowance) spent(now time.Time) bool { return a.limit > 0 && a.left(now) <= 0 }

// low reports whether so few are left that streams which need not be here had better go elsewhere: those whose
// conversation is here keep a quarter to themselves.
func (a *allowance) low(now time.Time) bool { return a.limit > 0 && a.left(now) <= a.limit/4 }
