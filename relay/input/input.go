package input

import (
	"sync"
	"time"

	"voicerelay/awake"
	"voicerelay/limits"
	"voicerelay/relay/speech"
	"voicerelay/text"
)

// Config is what a text goes by.
type Config struct {
	// Mu is the generation's lock, which guards the text. A method that ends in Locked needs it held, no other may be called with it.
	Mu    *sync.Mutex
	Owner Owner
	// Pricing is what text costs. Bounded: it must be paid before it is spoken, out of Budgets, by all that Expenses
	// name.
	Pricing  Pricing
	Bounded  bool
	Budgets  limits.Budgets // nil: nothing is reserved
	Expenses [2]limits.Expense
	// Idle is how long an open text may be without more, by Awake.
	Idle  time.Duration
	Awake *awake.Clock
	Short *limits.Rate // of short pieces, as in speech.NewCutting
}

// Owner is the generation, as far as its text needs it. It is called with the lock held.
type Owner interface {
	// EndsLocked reports whether no more text is taken.
	EndsLocked() bool
	// ChangedLocked is told that there is more text, its end, or a mark.
	ChangedLocked()
	// OrderedLocked is up to where in the text vendors were given pieces.
	OrderedLocked() int
	// TruncatedLocked is told that the text has its end now, behind what vendors were given.
	TruncatedLocked()
}

// Input is a generation's text. It is safe for concurrent use.
type Input struct {
	cfg Config // static

	// Guarded by cfg.Mu.
	text    text.Buffer
	funds   funds
	cutting speech.Cutting
	marks   Marks
	idled   bool // it counts as finished since then
	refused bool // the one answer to text after the text's end has been given
}

// New is a text that begins so, and goes on unless it is final.
func New(cfg Config, first string, final bool, now time.Time) Input {
	in := Input{cfg: cfg, cutting: speech.NewCutting(cfg.Short, now)}
	in.text.Append(first)
	if final {
		in.text.Finish()
	}
	return in
}

// Text is all that was paid, guarded by the generation's lock.
func (in *Input) Text() *text.Buffer { return &in.text }

// Cutting is how it may be cut, guarded by the generation's lock.
func (in *Input) Cutting() *speech.Cutting { return &in.cutting }

// Marks are those that the client has set, guarded by the generation's lock.
func (in *Input) Marks() *Marks { return &in.marks }

// IsIdledLocked reports whether the text counted as finished, since no more came for too long.
func (in *Input) IsIdledLocked() bool { return in.idled }

// ShortLocked is why the text was cut short; nil: it was not.
func (in *Input) ShortLocked() *limits.BudgetError { return in.funds.short }

// ForgetLocked frees the text.
func (in *Input) ForgetLocked() { in.text = text.Buffer{} }

// LookLocked reports whether there is text to speak from a place on, or whether the text is done; else until is when to look again.
func (in *Input) LookLocked(from int, now time.Time) (ready, done bool, until time.Time) {
	until = in.DeadlineLocked(now)
	cutter := text.NewCutter(&in.text, from, in.cfg.Pricing.Schedule, true)
	look := in.cutting.Now(true, now)
	if look.Least > 0 && cutter.Ready(text.Now{Idle: true, Settled: look.Settled}) {
		until = awake.Earlier(until, now.Add(in.cutting.Wait(now)))
	}
	if p, ok := cutter.Next(look); ok {
		return p.Text != "", p.Text == "", until // the text has ended without a word
	}
	if !look.Settled && cutter.Unsettled() {
		until = in.cutting.SettledAt()
	}
	return false, cutter.Done(), until
}

// DeadlineLocked is when an open text counts as finished. It finishes a text whose time has come.
func (in *Input) DeadlineLocked(now time.Time) time.Time {
	if in.text.Finished() || in.funds.waits() {
		return time.Time{}
	}
	deadline := in.cfg.Awake.Adjust(in.cutting.At, now).Add(in.cfg.Idle)
	if now.Before(deadline) {
		return deadline
	}
	in.idled = true
	in.text.Finish()
	return time.Time{}
}

// applyLocked makes a change part of the text, and has the generation look at it.
func (in *Input) applyLocked(c change) {
	if in.text.Finished() {
		return
	}
	in.text.Append(c.text)
	if c.flush {
		in.text.Flush()
	}
	for range c.marks {
		in.marks.add(in.text.String(), in.text.Len())
	}
	if c.finish {
		in.text.Finish()
	}
	in.cfg.Owner.ChangedLocked()
}
