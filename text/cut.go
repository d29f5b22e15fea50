package text

// Schedule says how much to gather before each piece.
type Schedule struct {
	Gather []int // characters to gather before piece i; the last value holds for all later ones
	Max    int   // longest piece, in characters as the vendor gets them; at least 1
	Clause int   // a piece that would be longer ends with a clause, where there is an end of one; 0: as Max
}

// gather is how much to gather before piece i, never more than a piece may have.
func (s Schedule) gather(i int) int {
	if len(s.Gather) == 0 {
		return 0
	}
	return min(s.Gather[min(i, len(s.Gather)-1)], s.clause())
}

func (s Schedule) clause() int {
	if s.Clause == 0 {
		return s.Max
	}
	return min(s.Clause, s.Max)
}

// Now is what a Cutter can't see in the text.
type Now struct {
	Idle    bool // the vendor has nothing ordered: a complete sentence goes out at once, however short
	Settled bool // no text has come for a moment: a sentence end at the very end of the text counts as one
	// Least is how many characters a piece has while more text may come: what is shorter is joined with what follows, also
	// where the client asked for speech. 0: any.
	Least int
	// Joined has what was flushed in parts be one piece, as far as one goes. Else it is as many as there were flushes.
	Joined bool
}

// Cutter cuts a Buffer into pieces, in order, from an offset on. It holds no copy of the text and reads each
// character once, so that a call after each Append costs what is new. Several may run over one Buffer.
type Cutter struct {
	schedule Schedule
	scan     scanner

	at     place // the end of the last piece
	pieces int   // given so far
	last   bool  // the last of them said so
	least  int   // of the Now that is looked at; never more than a piece may have
	joined bool  // likewise

	lead      place // where the text after at begins to be speakable
	leadKnown bool
}

// NewCutter cuts b from the code point start on; spell says that the vendor knows <spell>. A start within the
// letters of a spell region gives a piece that opens the region again; one within a tag moves after it.
func NewCutter(b *Buffer, start int, s Schedule, spell bool) *Cutter {
	s.Max = max(s.Max, 1)
	c := &Cutter{schedule: s, scan: newScanner(b, start, spell)}
	c.at = c.scan.head
	return c
}

// Strip has tags left out of what is sent, but for those of the names given, in small letters; AudioTags stands for all in
// square brackets. It is called before the first Next. Without it all are sent.
func (c *Cutter) Strip(known []string) { c.scan.strip, c.scan.known = true, known }

// Stripped reports whether a tag has been left out of the text that was looked at so far.
func (c *Cutter) Stripped() bool { return c.scan.stripped }

// Next gives the next piece, or false where more text has to come first or nothing is left. Once the text is finished,
// a call gives a Last piece: an empty one where what was left has nothing to speak.
func (c *Cutter) Next(now Now) (Piece, bool) {
	cut, ok := c.choose(now)
	if !ok {
		return Piece{}, false
	}
	p := c.compose(cut)
	c.scan.forget(cut.to)
	c.at, c.last, c.leadKnown = cut.to, p.Last, false
	c.pieces++
	return p, true
}

// Ready reports whether Next would give a piece.
func (c *Cutter) Ready(now Now) bool {
	_, ok := c.choose(now)
	return ok
}

// Unsettled reports whether an idle vendor would get a piece if the text counted as settled, and only then: the
// caller starts its timer.
func (c *Cutter) Unsettled() bool {
	if _, ok := c.choose(Now{Idle: true}); ok {
		return false
	}
	_, ok := c.choose(Now{Idle: true, Settled: true})
	return ok
}

// Done reports whether the text is finished and nothing speakable is left, though Next may still owe an empty Last piece.
func (c *Cutter) Done() bool {
	c.scan.run()
	return c.scan.b.finished && c.scan.head.spoken == c.at.spoken
}

// cut is a decision. The span goes from the cutter's place to "to"; unspeakable text at either end may be left out of
// what is sent, where all of it would be too long.
type cut struct {
	from, core, to place // from..core is sent
	last           bool
}

func (c *Cutter) choose(now Now) (cut, bool) {
	if c.last {
		return cut{}, false
	}
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
func (c *Cutter) closedEnd() (place, bool) {
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
func (c *Cutter) widen(at, end place, closed bool) cut {
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

// compose writes the piece of a cut.
func (c *Cutter) compose(cut cut) Piece {
	text, to := c.scan.b.text, cut.core.byte
	var out composer
	at, write := cut.from, out.copy
	for _, a := range c.scan.atoms {
		if a.from.byte < cut.from.byte || !a.spell && !a.out {
			continue
		}
		if a.from.byte >= to {
			break
		}
		write(string(text[at.byte:a.from.byte]), at.char)
		switch {
		case a.out:
			write = out.behindTag
		case c.scan.spell:
			out.tagged(text, a)
			write = out.copy
		default:
			out.apart(text, a)
			write = out.behindLetters
		}
		at = a.to
	}
	write(string(text[at.byte:max(to, at.byte)]), at.char)
	atoms := c.scan.atoms
	return Piece{
		Start: c.at.char, End: cut.to.char, Text: out.out.String(), Last: cut.last,
		source:  string(text[c.at.byte:cut.to.byte]),
		inSpell: len(atoms) > 0 && atoms[0].spell && atoms[0].from.byte == c.at.byte && atoms[0].inside == c.at.byte,
		runs:    out.runs,
	}
}
