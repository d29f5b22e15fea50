package input

import (
	"errors"
	"sync"
	"time"
	"unicode/utf8"

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
	// Pricing is what text costs. Bounded: it must be paid before it is spoken, out of Budgets, as Expense says.
	Pricing Pricing
	Bounded bool
	Budgets limits.Budgets // nil: nothing is reserved
	Expense limits.Expense
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

// ForgetLocked frees the text.
func (in *Input) ForgetLocked() { in.text = text.Buffer{} }

// Why text is refused.
var (
	ErrFinished = errors.New("the text was finished before this append")
	ErrTooLong  = errors.New("over the limit")
)

// Append adds text, or refuses it whole: with ErrFinished, once, or ErrTooLong if the text would have more code points than limit.
// mustFund says that the caller must have Fund run.
func (in *Input) Append(more string, final bool, limit int) (mustFund bool, err error) {
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	if in.cfg.Owner.EndsLocked() || in.funds.short != nil {
		return false, nil
	}
	if in.text.Finished() || in.funds.finished {
		if in.refused {
			return false, nil // the first append after the end has been answered
		}
		in.refused = true
		return false, ErrFinished
	}
	if in.text.Len()+in.funds.length+utf8.RuneCountInString(more) > limit {
		return false, ErrTooLong
	}
	if more != "" { // nothing keeps a text open but text
		in.cutting.At = time.Now()
	}
	return in.amendLocked(change{text: more, finish: final}), nil
}

// Flush has all text so far spoken, also what would wait for more, and so many marks set behind it.
func (in *Input) Flush(marks int) {
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	if !in.text.Finished() {
		in.cutting.At = time.Now()
	}
	in.amendLocked(change{flush: true, marks: marks}) // if text waits before it, the goroutine that reserves for that text will see it
}

// KeepOpen says that there is no more text yet, and that some may come: the time that an open text may be idle begins anew.
func (in *Input) KeepOpen() {
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	if !in.text.Finished() {
		in.cutting.At = time.Now()
	}
}

// Finish says that no more text comes.
func (in *Input) Finish() {
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	in.amendLocked(change{finish: true})
}

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
