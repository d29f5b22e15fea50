package input

import (
	"errors"
	"time"
	"unicode/utf8"
)

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

// amendLocked changes the text, after it is paid if that is needed. It reports whether the caller must run fund.
func (in *Input) amendLocked(c change) (mustFund bool) {
	if !in.cfg.Bounded || c.text == "" && !in.funds.waits() {
		in.applyLocked(c)
		return false
	}
	in.funds.add(c)
	in.funds.finished = in.funds.finished || c.finish
	if in.funds.busy || in.funds.reservation == nil { // fund, or reserve, will see it
		return false
	}
	in.funds.busy = true
	return true
}
