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
