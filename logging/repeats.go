package logging

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"
)

// sayAgain is the time between two equal lines about a fault that stands.
const sayAgain = time.Minute

// maxRepeats bounds how many lines are remembered. They have names of the configuration and errors in them, of which there are few.
const maxRepeats = 256

// repeating are the messages of lines that come again for as long as a fault stands. All others tell of something that happens once.
var repeating = []string{
	"budget not read",
	"progress not noted",
	"redis",
	"report made of this relay's own ledger",
	"tracing",
	"usage records are not shipped",
	"vendor socket given up: nothing came on it",
	"vendor socket not opened ahead",
	"vendor's charge is not an amount",
}

// repeats lets lines about faults that stand pass once a minute. It is safe for concurrent use.
type repeats struct {
	mu    sync.Mutex // guards what follows
	known map[string]*repeat
}

// repeat is a line that may come again.
type repeat struct {
	told time.Time
	held int // times that it came since
}

func newRepeats() *repeats { return &repeats{known: make(map[string]*repeat)} }

// pass is a line of JSON as it is to be written, with how often it was held back before; nil: it is held back.
func (r *repeats) pass(line []byte, now time.Time) []byte {
	if !mayRepeat(line) {
		return line
	}
	key := untimed(line)
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.known[key]
	if known == nil {
		r.makeRoomLocked(now)
		r.known[key] = &repeat{told: now}
		return line
	}
	if now.Sub(known.told) < sayAgain {
		known.held++
		return nil
	}
	held := known.held
	*known = repeat{told: now}
	if held == 0 {
		return line
	}
	return fmt.Appendf(nil, "%s,\"repeats\":%d}\n", bytes.TrimSuffix(line, []byte("}\n")), held)
}

// makeRoomLocked forgets lines that did not come again, or all where there are still too many.
func (r *repeats) makeRoomLocked(now time.Time) {
	if len(r.known) < maxRepeats {
		return
	}
	for key, of := range r.known {
		if now.Sub(of.told) >= sayAgain {
			delete(r.known, key)
		}
	}
	if len(r.known) >= maxRepeats {
		clear(r.known)
	}
}

// messageField begins a line's message, which comes last.
const messageField = `"message":"`

// mayRepeat reports whether a line is about a fault that may stand.
func mayRepeat(line []byte) bool {
	i := bytes.LastIndex(line, []byte(messageField))
	if i < 0 {
		return false
	}
	message, ended := bytes.CutSuffix(line[i+len(messageField):], []byte("\"}\n"))
	_, found := slices.BinarySearch(repeating, string(message))
	return ended && found
}

// timeField begins a line's time. No other field of a line has that name.
const timeField = `,"time":"`

// untimed is a line but for its time, by which equal lines are known.
func untimed(line []byte) string {
	before, rest, found := bytes.Cut(line, []byte(timeField))
	if !found {
		return string(line)
	}
	_, after, _ := bytes.Cut(rest, []byte(`"`))
	return string(before) + string(after)
}
