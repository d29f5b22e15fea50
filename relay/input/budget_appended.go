package input

import (
	"context"
	"errors"
	"unicode/utf8"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/text"
)

// Fund pays for the text that waits, until none does. It is called where Append or Reserve says so, once, by a goroutine that may wait. On
// an error the generation is to be ended, and Fund called again.
func (in *Input) Fund(ctx context.Context) error {
	for {
		if more, err := in.fundOnce(ctx); err != nil || !more {
			return err
		}
	}
}

// fundOnce pays for the text that waits now. It reports false if none did.
func (in *Input) fundOnce(ctx context.Context) (more bool, err error) {
	in.cfg.Mu.Lock()
	reservation, so, paid, waiting := in.funds.reservation, in.text.String(), in.funds.paid, in.funds.take()
	known, wholeTo := in.funds.whole, in.funds.wholeTo
	if len(waiting) == 0 || in.cfg.Owner.EndsLocked() || in.funds.short != nil {
		in.funds.busy = false
		in.cfg.Mu.Unlock()
		return false, nil
	}
	in.cfg.Mu.Unlock()
	// Priced as one text: what came alone may be a part of a sentence, and requests are counted by sentence.
	whole := so
	for _, c := range waiting {
		whole += c.text
	}
	open := sentencesOf(whole[wholeTo:])
	price := max(in.cfg.Pricing.dearest(known.Plus(in.cfg.Pricing.takes(open)))-paid, 0)
	err = reservation.Reserve(ctx, price)
	var spent *limits.BudgetError
	if errors.As(err, &spent) {
		in.endShort(ctx, whole, utf8.RuneCountInString(so), spent)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	in.funds.paid += price
	in.noteWholeLocked(open, whole[wholeTo:])
	in.funds.length -= utf8.RuneCountInString(whole) - utf8.RuneCountInString(so)
	if in.cfg.Owner.EndsLocked() { // meanwhile; what it cost is being settled
		return true, nil
	}
	for _, c := range waiting {
		in.applyLocked(c)
	}
	return true, nil
}

// noteWholeLocked counts the sentences that another follows: later text changes only the last one.
func (in *Input) noteWholeLocked(sentences []text.Piece, of string) {
	if len(sentences) < 2 {
		return
	}
	sure := sentences[:len(sentences)-1]
	in.funds.whole = in.funds.whole.Plus(in.cfg.Pricing.takes(sure))
	in.funds.wholeTo += len(beginning(of, sure[len(sure)-1].End))
}

// shortTries is how often the rest of a budget is asked for: other generations may take it between a refusal and the next
// try.
const shortTries = 3

// endShort ends the text after the last sentence that can be paid. The rest is dropped, and done says why.
func (in *Input) endShort(ctx context.Context, whole string, soFar int, spent *limits.BudgetError) {
	in.cfg.Mu.Lock()
	reservation, paid := in.funds.reservation, in.funds.paid
	in.cfg.Mu.Unlock()
	sentences := sentencesOf(whole)
	end := soFar
	for range shortTries {
		last, price := in.cfg.Pricing.lastPaid(sentences, paid+spent.Left)
		if last <= soFar {
			break
		}
		err := reservation.Reserve(ctx, max(price-paid, 0))
		if err == nil {
			end, spent.Left = last, spent.Left-max(price-paid, 0)
			break
		}
		if !errors.As(err, &spent) {
			break
		}
	}
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	if end == soFar {
		end = max(lastEnd(sentences, soFar), in.cfg.Owner.OrderedLocked())
	}
	in.truncateLocked(whole, end)
	in.funds.short = spent
	in.funds.take()
}

// lastPaid is where the last sentence ends up to which the text costs at most that much, and the price of that.
func (p *Pricing) lastPaid(sentences []text.Piece, most int64) (end int, price int64) {
	used := billing.Usage{}
	for _, s := range sentences {
		used = used.Plus(p.expected(s.Text))
		if cost := p.dearest(used); cost <= most {
			end, price = s.End, cost
		}
	}
	return end, price
}

// lastEnd is where the last sentence ends within a length.
func lastEnd(sentences []text.Piece, within int) int {
	end := 0
	for _, s := range sentences {
		if s.End <= within {
			end = s.End
		}
	}
	return end
}

// beginning is the first so many code points of a text.
func beginning(s string, chars int) string {
	for i := range s {
		if chars == 0 {
			return s[:i]
		}
		chars--
	}
	return s
}

// Give counts a piece that a vendor is about to get. What failover and backups cost beyond the text's price is reserved even
// if the budget has too little left: text that was paid is spoken.
func (in *Input) Give(ctx context.Context, piece string) {
	if !in.cfg.Bounded {
		return
	}
	in.cfg.Mu.Lock()
	in.funds.given = in.funds.given.Plus(in.cfg.Pricing.expected(piece))
	more := in.cfg.Pricing.dearest(in.funds.given) - in.funds.paid - in.funds.extended
	reservation := in.funds.reservation
	in.funds.extended += max(more, 0)
	in.cfg.Mu.Unlock()
	if more > 0 {
		reservation.Extend(ctx, more)
	}
}

// truncateLocked ends the text at an offset after all that a vendor was given. The attempts' cutters begin again there.
func (in *Input) truncateLocked(whole string, end int) {
	var kept text.Buffer
	kept.Append(beginning(whole, end))
	kept.Finish()
	in.text = kept
	in.cfg.Owner.TruncatedLocked()
}
