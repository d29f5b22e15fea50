package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/text"
)

// bounded reports whether the generation's text must be paid before it is spoken.
func (in *input) bounded() bool { return in.g.engine.budgets != nil && in.g.req.Key.Bounded() }

// reserve reserves the price of the text that is known, or fails if the budget has too little left.
func (g *Generation) reserve(ctx context.Context) error {
	if g.engine.budgets == nil {
		return nil
	}
	key := g.req.Key
	price := int64(0)
	if key.Bounded() {
		price = g.req.price(g.req.text)
	}
	reservation, err := g.engine.budgets.Open(ctx, limits.Expense{
		Tenant: key.Tenant, RecordID: g.recordID, Budget: key.Budget, Micros: price,
	})
	if err != nil {
		return err
	}
	g.out.mu.Lock()
	early := len(g.in.funds.unpaid) > 0 // text came while the reservation was being opened
	g.in.funds.reservation, g.in.funds.paid, g.in.funds.busy = reservation, price, early
	g.out.mu.Unlock()
	if early {
		g.in.fund(ctx)
	}
	return nil
}

// reservationTimeout bounds the settling of a reservation, since the generation's done waits for it.
const reservationTimeout = 2 * time.Second

// settleReservation books what was spent in place of what was reserved, though the client may be gone.
func (g *Generation) settleReservation(ctx context.Context, record billing.Record) {
	g.out.mu.Lock()
	reservation := g.in.funds.reservation
	g.out.mu.Unlock()
	if reservation == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reservationTimeout)
	defer cancel()
	if err := reservation.Settle(ctx, spentOf(record)); err != nil {
		g.log.Error().Err(err).Msg("budget not settled")
	}
}

// spentOf is what a record cost, as far as it is known.
func spentOf(r billing.Record) limits.Spent {
	spent := make(limits.Spent)
	for _, c := range r.Cost() {
		if c.Known() {
			spent[c.Money.Currency] += c.Money.Micros
		}
	}
	return spent
}

// price is the most that a text may cost at any of the plan's targets, in millionths of the budget's unit.
func (r *Prepared) price(s string) int64 {
	return r.dearest(r.takes(sentencesOf(s)))
}

// takes is what sentences use of a vendor together.
func (r *Prepared) takes(sentences []text.Piece) billing.Usage {
	used := billing.Usage{}
	for _, s := range sentences {
		used = added(used, r.expected(s.Text))
	}
	return used
}

// expected is what a piece or a sentence uses of a vendor, as far as that is known beforehand.
func (r *Prepared) expected(piece string) billing.Usage {
	characters := utf8.RuneCountInString(piece)
	longest := max(r.schedule().Max, 1)
	if len(r.plan.Candidates) > 1 {
		longest = min(longest, untimedPiece)
	}
	return billing.Usage{
		Audio:      speechTime(piece, r.speed),
		Characters: int64(characters),
		Bytes:      int64(len(piece)),
		Requests:   int64((characters + longest - 1) / longest),
	}
}

func added(a, b billing.Usage) billing.Usage {
	return billing.Usage{
		Audio:      a.Audio + b.Audio,
		Characters: a.Characters + b.Characters,
		Bytes:      a.Bytes + b.Bytes,
		Requests:   a.Requests + b.Requests,
	}
}

// dearest is what a usage costs at the dearest of the plan's targets: any of them may speak it.
func (r *Prepared) dearest(used billing.Usage) int64 {
	most := int64(0)
	for _, c := range r.plan.Candidates {
		cost := r.Setup.prices.Price(c.Provider, c.Model, used)
		if cost.Known() && cost.Money.Currency == r.Key.Budget.Currency {
			most = max(most, cost.Money.Micros)
		}
	}
	return most
}

// speechTime is about how long a text takes at a speed.
func speechTime(text string, speed float64) time.Duration {
	return time.Duration(float64(billing.SpeechTime(int64(utf8.RuneCountInString(text)))) / speed)
}

// longestSpeech is about how long a text may well take, whatever there is to say in it.
func longestSpeech(s string, speed float64) time.Duration {
	return time.Duration(float64(billing.SpeechTime(int64(text.SpokenLength(s)))) / speed)
}

// longestSentence is longer than any text, so that a text is cut at sentence ends alone.
const longestSentence = 1 << 30

// sentencesOf cuts a text into its sentences, letters of a spell region apart, which is the longest that a vendor gets.
func sentencesOf(s string) []text.Piece {
	var whole text.Buffer
	whole.Append(s)
	whole.Finish()
	cutter := text.NewCutter(&whole, 0, text.Schedule{Max: longestSentence}, false)
	var sentences []text.Piece
	for {
		p, ok := cutter.Next(text.Now{Idle: true, Settled: true})
		if !ok {
			return sentences
		}
		sentences = append(sentences, p)
	}
}

// affordable leaves out targets whose price is unknown, or in another currency, for a tenant with a budget.
func (set *Setup) affordable(plan *routing.Plan, key *access.Key) *routing.Plan {
	if !key.Bounded() || key.AllowUnpriced {
		return plan
	}
	rest := *plan
	rest.PassedOver = slices.Clone(plan.PassedOver)
	rest.Candidates = slices.DeleteFunc(slices.Clone(plan.Candidates), func(c routing.Candidate) bool {
		why := routing.Excluded(set.prices.Currency(c.Provider, c.Model), key.Budget.Currency)
		if why != "" {
			rest.PassedOver = append(rest.PassedOver, routing.Omission{Target: c.Target, Why: why})
		}
		return why != ""
	})
	return &rest
}

// quotaExceeded is what a client is told of a budget that has too little left.
func quotaExceeded(err error) *Error {
	var spent *limits.BudgetError
	if !errors.As(err, &spent) {
		return nil
	}
	return &Error{
		Code: CodeQuotaExceeded,
		Message: fmt.Sprintf("the tenant's budget for the %s has %s of %s left, which is too little, and begins anew at %s",
			spent.Period, amountOf(spent.Left, spent.Currency), amountOf(spent.Most, spent.Currency), spent.Anew.Format(time.RFC3339)),
		RetryAfter: spent.RetryAfter,
	}
}

// amountOf is an amount as people read it.
func amountOf(micros int64, currency string) string {
	return strings.TrimSpace(billing.Money{Micros: micros, Currency: currency}.Amount() + " " + currency)
}
