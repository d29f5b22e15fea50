package text

// Cutter cuts a Buffer into pieces, in order, from an offset on. It holds no copy of the text and reads each
// character once, so that a call after each Append costs what is new. Several may run over one Buffer.
type Cutter struct {
	chooser
	last bool // the last piece given said so
}

// NewCutter cuts b from the code point start on; spell says that the vendor knows <spell>. A start within the
// letters of a spell region gives a piece that opens the region again; one within a tag moves after it.
func NewCutter(b *Buffer, start int, s Schedule, spell bool) *Cutter {
	s.Max = max(s.Max, 1)
	c := &Cutter{chooser: chooser{schedule: s, scan: newScanner(b, start, spell)}}
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
	cut, ok := c.next(now)
	if !ok {
		return Piece{}, false
	}
	p := c.compose(cut)
	c.scan.forget(cut.to, c.scan.b.finished)
	c.at, c.last, c.leadKnown = cut.to, p.Last, false
	c.pieces++
	return p, true
}

// next is the next cut. After the last one there is none.
func (c *Cutter) next(now Now) (cut, bool) {
	if c.last {
		return cut{}, false
	}
	return c.choose(now)
}

// Ready reports whether Next would give a piece.
func (c *Cutter) Ready(now Now) bool {
	_, ok := c.next(now)
	return ok
}

// Unsettled reports whether an idle vendor would get a piece if the text counted as settled, and only then: the
// caller starts its timer.
func (c *Cutter) Unsettled() bool {
	if _, ok := c.next(Now{Idle: true}); ok {
		return false
	}
	_, ok := c.next(Now{Idle: true, Settled: true})
	return ok
}

// Done reports whether the text is finished and nothing speakable is left, though Next may still owe an empty Last piece.
func (c *Cutter) Done() bool {
	c.scan.run()
	return c.scan.b.finished && c.scan.head.spoken == c.at.spoken
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
