package input

import (
	"voicerelay/billing"
	"voicerelay/relay/speech"
	"voicerelay/routing"
	"voicerelay/text"
)

// Pricing is what text costs at the targets that may speak it.
type Pricing struct {
	Candidates []routing.Candidate // at least one
	List       *billing.PriceList
	Currency   string        // of the budget: no other price counts
	Schedule   text.Schedule // how the route has text cut
	Speed      float64       // as the client asked; 1: as usual
}

// price is the most that a text may cost at any of the plan's targets, in millionths of the budget's unit.
func (p *Pricing) price(s string) int64 {
	return p.dearest(p.takes(sentencesOf(s)))
}

// takes is what sentences use of a vendor together.
func (p *Pricing) takes(sentences []text.Piece) billing.Usage {
	used := billing.Usage{}
	for _, s := range sentences {
		used = used.Plus(p.expected(s.Text))
	}
	return used
}

// expected is what a piece or a sentence uses of a vendor, as far as that is known beforehand.
func (p *Pricing) expected(piece string) billing.Usage {
	used := billing.Measure(piece)
	longest := int64(max(p.Schedule.Max, 1))
	if len(p.Candidates) > 1 {
		longest = min(longest, speech.UntimedPiece)
	}
	used.Audio = speech.Time(piece, p.Speed)
	used.Requests = (used.Characters + longest - 1) / longest
	return used
}

// dearest is what a usage costs at the dearest of the plan's targets: any of them may speak it.
func (p *Pricing) dearest(used billing.Usage) int64 {
	most := int64(0)
	for _, c := range p.Candidates {
		cost := p.List.Price(c.Provider, c.Model, used)
		if cost.Known() && cost.Money.Currency == p.Currency {
			most = max(most, cost.Money.Micros)
		}
	}
	return most
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
