package text

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// chooser is where the pieces of a Cutter end.
type chooser struct {
	schedule Schedule
	scan     scanner

	at     place // the end of the last piece
	pieces int   // given so far
	least  int   // of the Now that is looked at; never more than a piece may have
	joined bool  // likewise

	lead      place // where the text after at begins to be speakable
	leadKnown bool
}

// cut is a decision. The span goes from the cutter's place to "to"; unspeakable text at either end may be left out of
// what is sent, where all of it would be too long.
type cut struct {
	from, core, to place // from..core is sent
	last           bool
}

// choose chooses the next piece, or reports false where more text has to come first or nothing is left.
func (c *chooser) choose(now Now) (cut, bool) {
	c.least, c.joined = min(now.Least, c.schedule.Max), now.Joined
	c.scan.run()
	head, finished := c.scan.head, c.scan.b.finished
	if head.spoken == c.at.spoken {
		return cut{from: head, core: head, to: head, last: true}, finished
	}
	end, closed := c.closedEnd()
	var at place
	ok := closed
	if closed {
		at = c.chooseClosed(end)
	} else {
		at, ok = c.chooseOpen(now)
	}
	if !ok {
		return cut{}, false
	}
	return c.widen(at, end, closed), true
}

// closedEnd is where the text that must go out now ends: at the first flush mark with something to speak before
// it, and enough, or at the end of a finished text.
func (c *chooser) closedEnd() (place, bool) {
	end, found := place{}, false
	for _, p := range c.scan.stops {
		if p.spoken <= c.at.spoken || c.least > 0 && p.width < c.base()+c.least {
			continue
		}
		if found && p.width > c.limit() {
			break
		}
		if end, found = p, true; !c.joined {
			break
		}
	}
	if found {
		return end, true
	}
	return c.scan.head, c.scan.b.finished
}

// widen adds unspeakable text after the cut that no later piece could carry, and leaves out of what is sent what
// would make it longer than a piece may be.
func (c *chooser) widen(at, end place, closed bool) cut {
	out := cut{from: c.at, core: at, to: at}
	if closed && end.spoken == at.spoken {
		out.to = end
	}
	if head := c.scan.head; c.scan.b.finished && head.spoken == at.spoken {
		out.to, out.last = head, true
	}
	if out.core.width-out.from.width > c.schedule.Max {
		out.from = c.origin()
	}
	if out.to.width-out.from.width <= c.schedule.Max {
		out.core = out.to
	}
	return out
}

// floor and limit are the widths between which the next piece's end is looked for. Unspeakable text that would fill half
// of a piece doesn't count, since it is not sent.
func (c *chooser) floor() int { return c.base() + max(c.schedule.gather(c.pieces), c.least) }
func (c *chooser) limit() int { return c.base() + c.schedule.Max }

func (c *chooser) base() int {
	if lead := c.origin(); lead.width-c.at.width > c.schedule.Max/2 {
		return lead.width
	}
	return c.at.width
}

// chooseClosed chooses among text that must go out up to end: all of it, if it fits and holds no sentence worth a piece.
func (c *chooser) chooseClosed(end place) place {
	if p, ok := c.clause(end); ok {
		return p
	}
	p, ok := c.scan.after(sentence, c.floor(), c.at.spoken)
	if ok && p.width <= c.limit() && p.byte < end.byte {
		return p
	}
	if end.width <= c.limit() {
		return end
	}
	return c.overlong(end)
}

// clause chooses the end of a clause in text that is longer than a piece should be: the last one before that, else the
// first after it.
func (c *chooser) clause(end place) (place, bool) {
	usual := c.base() + c.schedule.clause()
	if c.schedule.Clause == 0 || end.width <= usual {
		return place{}, false
	}
	if p, ok := c.scan.before(clause, usual); ok && p.spoken > c.at.spoken {
		return p, true
	}
	p, ok := c.scan.after(clause, usual, c.at.spoken)
	return p, ok && p.width <= c.limit() && p.byte < end.byte
}

// chooseOpen chooses while more text may come.
func (c *chooser) chooseOpen(now Now) (place, bool) {
	from, floor := c.floor(), c.floor()
	if now.Idle {
		from = 0
		if c.least > 0 {
			from = c.base() + c.least
		}
	}
	if p, ok := c.first(sentence, from, now.Settled); ok {
		return p, true
	}
	if p, ok := c.first(clause, floor, now.Settled); ok {
		return p, true
	}
	if c.scan.head.width > c.limit() {
		return c.overlong(c.scan.head), true
	}
	return place{}, false
}

// first is the first cut of a strength from a width on, the text's end included, that makes no piece too long.
func (c *chooser) first(kind strength, width int, settled bool) (place, bool) {
	p, ok := c.scan.after(kind, width, c.at.spoken)
	if !ok {
		tail, strong, soft := c.scan.tail()
		p, ok = tail, strong >= kind && (settled || !soft) && tail.width >= width && tail.spoken > c.at.spoken
	}
	return p, ok && p.width <= c.limit()
}

// overlong chooses in text that doesn't fit one piece and reaches to end at least.
func (c *chooser) overlong(end place) place {
	limit := c.limit()
	for _, from := range []int{c.floor(), 0} {
		for _, kind := range []strength{sentence, clause} {
			if p, ok := c.scan.before(kind, limit); ok && p.width >= from && p.spoken > c.at.spoken {
				return p
			}
		}
	}
	for _, kind := range []strength{spaced, glued} {
		if p, ok := c.scan.before(kind, limit); ok && p.spoken > c.at.spoken {
			return p
		}
	}
	return c.within(limit, end)
}

// within cuts a word that alone is too long: after the last grapheme cluster that fits, or after the first speakable
// cluster, tag or region where none does.
func (c *chooser) within(limit int, end place) place {
	p, found := c.origin(), false
	best := p
	c.units(p, end, func(next place) bool {
		if next.width > limit && found {
			return false
		}
		best, found = next, next.spoken > c.at.spoken
		return true
	})
	return best
}

// origin is where the text after the last piece begins to be speakable; only called when it does somewhere.
func (c *chooser) origin() place {
	if c.leadKnown {
		return c.lead
	}
	p := c.at
	c.units(p, c.scan.head, func(next place) bool {
		if next.spoken > c.at.spoken {
			return false
		}
		p = next
		return true
	})
	c.lead, c.leadKnown = p, true
	return p
}

// units walks from p to end over what is never cut: tags, spell regions, grapheme clusters. It calls yield with
// the place behind each until that returns false.
func (c *chooser) units(p, end place, yield func(place) bool) {
	for _, a := range c.scan.atoms {
		if a.from.byte < p.byte {
			continue
		}
		if a.from.byte >= end.byte {
			break
		}
		if !c.clusters(&p, a.from.byte, yield) || !yield(a.to) {
			return
		}
		p = a.to
	}
	c.clusters(&p, end.byte, yield)
}

func (c *chooser) clusters(p *place, end int, yield func(place) bool) bool {
	clusters := graphemes.FromBytes(c.scan.b.text[p.byte:end])
	for clusters.Next() {
		cluster := clusters.Value()
		n := utf8.RuneCount(cluster)
		p.byte += len(cluster)
		p.char += n
		p.width += n
		p.spoken += countSpeakable(cluster)
		if !yield(*p) {
			return false
		}
	}
	return true
}
