package input

import (
	"unicode/utf8"

	"voicerelay/billing"
	"voicerelay/limits"
)

// funds are a generation's money, and the text that waits for it. Text becomes part of the generation's text once it is paid.
// They are guarded by the generation's lock.
type funds struct {
	reservation limits.Reservation // nil: not open yet, or the relay has no budgets
	paid        int64              // the price of the text, in millionths of the budget's unit
	whole       billing.Usage      // what the text's complete sentences use, so that each is counted once
	wholeTo     int                // where they end, in bytes
	extended    int64              // reserved beyond that, for failover and backups
	given       billing.Usage      // what all attempts have been given

	unpaid   []change
	length   int                 // of text that is not paid yet, in code points
	finished bool                // the end of the text has come, and may wait
	busy     bool                // a goroutine reserves: text that comes meanwhile waits in unpaid
	short    *limits.BudgetError // why the text was cut short; nil: it was not
}

// change is text to come, and what the client said after it.
type change struct {
	text          string
	flush, finish bool
	marks         int // places behind the text of which the client wants to know when they have been spoken
}

// waits reports whether the next change must wait until earlier text is paid.
func (f *funds) waits() bool { return f.busy || len(f.unpaid) > 0 }

// add has text wait. It joins what waits already, so that there are never more changes than characters.
func (f *funds) add(more change) {
	f.length += utf8.RuneCountInString(more.text)
	last := len(f.unpaid) - 1
	if last < 0 || f.unpaid[last].flush && more.text != "" {
		f.unpaid = append(f.unpaid, more)
		return
	}
	c := &f.unpaid[last]
	c.text += more.text
	c.flush, c.finish, c.marks = c.flush || more.flush, c.finish || more.finish, c.marks+more.marks
}

// take empties what waits.
func (f *funds) take() []change {
	waiting := f.unpaid
	f.unpaid = nil
	return waiting
}
