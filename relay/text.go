package relay

import (
	"time"
	"unicode/utf8"
)

// Append adds text, or refuses it whole. mustFund says that the caller must have fund run.
func (g *Generation) Append(more string, final bool, limit int) (mustFund bool, err *Error) {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if g.out.endsLocked() || g.in.funds.short != nil {
		return false, nil
	}
	if g.in.text.Finished() || g.in.funds.finished {
		if g.in.refused {
			return false, nil // the first append after the end has been answered
		}
		g.in.refused = true
		return false, &Error{Code: CodeTextFinished, Message: "the text was finished before this append"}
	}
	if g.in.text.Len()+g.in.funds.length+utf8.RuneCountInString(more) > limit {
		return false, textTooLong(limit)
	}
	if more != "" { // nothing keeps a text open but text
		g.in.cutting.At = time.Now()
	}
	return g.in.amendLocked(textChange{text: more, finish: final}), nil
}

// Flush has all text so far spoken, also what would wait for more.
func (g *Generation) Flush() {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if !g.in.text.Finished() {
		g.in.cutting.At = time.Now()
	}
	g.in.amendLocked(textChange{flush: true}) // if text waits before it, the goroutine that reserves for that text will see it
	g.out.notify()
}

// KeepOpen says that there is no more text yet, and that some may come: the time that an open text may be idle begins anew.
func (g *Generation) KeepOpen() {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if !g.in.text.Finished() {
		g.in.cutting.At = time.Now()
	}
}

// FinishText says that no more text comes.
func (g *Generation) FinishText() {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	g.in.amendLocked(textChange{finish: true})
	g.out.notify()
}
