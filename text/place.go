package text

import (
	"slices"
	"sort"
)

// place is a position in the text with what a cut there has to know about all before it. Places are
// cumulative from the scanner's start, so the difference of two describes the text between them.
type place struct {
	byte, char int // in the client's text
	width      int // characters as the vendor gets them
	spoken     int // letters and digits to speak
}

// atom is a tag, or a spell region with its tags: never cut. Of a region that the scanner starts within, or that the
// text's end closes, a tag is missing.
type atom struct {
	from, to        place
	out             bool // it is left out of what is sent
	spell           bool
	inside, outside int // the letters of a spell region, in bytes of the text
}

// places are where a text that was read may be cut, as far as they are found and not yet cut away, each list ascending.
type places struct {
	breaks [strengths][]place // breaks[s]: cuts of strength s or more
	stops  []place            // all before is to be spoken now
	atoms  []atom
}

// breakAt notes that p can be cut with a strength. Places come in order; one may come again, stronger.
func (ps *places) breakAt(p place, kind strength) {
	for k := glued; k <= kind; k++ {
		if n := len(ps.breaks[k]); n == 0 || ps.breaks[k][n-1].byte < p.byte {
			ps.breaks[k] = append(ps.breaks[k], p)
		}
	}
}

// after returns the first cut of a strength at or after a width whose text from start on is speakable.
func (ps *places) after(kind strength, width, spoken int) (place, bool) {
	list := ps.breaks[kind]
	i := sort.Search(len(list), func(i int) bool { return list[i].width >= width && list[i].spoken > spoken })
	if i == len(list) {
		return place{}, false
	}
	return list[i], true
}

// before returns the last cut of a strength at or before a width.
func (ps *places) before(kind strength, width int) (place, bool) {
	list := ps.breaks[kind]
	i := sort.Search(len(list), func(i int) bool { return list[i].width > width })
	if i == 0 {
		return place{}, false
	}
	return list[i-1], true
}

// forget drops what lies at or before a cut. finished: the text is.
func (ps *places) forget(cut place, finished bool) {
	for k, list := range ps.breaks {
		n := sort.Search(len(list), func(i int) bool { return list[i].byte > cut.byte })
		ps.breaks[k] = slices.Delete(list, 0, n)
		if finished && n == len(list) {
			ps.breaks[k] = nil // its memory goes too, since hardly any more comes
		}
	}
	for len(ps.stops) > 0 && ps.stops[0].byte <= cut.byte {
		ps.stops = ps.stops[1:]
	}
	for len(ps.atoms) > 0 && ps.atoms[0].to.byte <= cut.byte {
		ps.atoms = ps.atoms[1:]
	}
}
