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

// breakAt notes that p can be cut with a strength. Places come in order; one may come again, stronger.
func (s *scanner) breakAt(p place, kind strength) {
	for k := glued; k <= kind; k++ {
		if n := len(s.breaks[k]); n == 0 || s.breaks[k][n-1].byte < p.byte {
			s.breaks[k] = append(s.breaks[k], p)
		}
	}
}

// after returns the first cut of a strength at or after a width whose text from start on is speakable.
func (s *scanner) after(kind strength, width, spoken int) (place, bool) {
	list := s.breaks[kind]
	i := sort.Search(len(list), func(i int) bool { return list[i].width >= width && list[i].spoken > spoken })
	if i == len(list) {
		return place{}, false
	}
	return list[i], true
}

// before returns the last cut of a strength at or before a width.
func (s *scanner) before(kind strength, width int) (place, bool) {
	list := s.breaks[kind]
	i := sort.Search(len(list), func(i int) bool { return list[i].width > width })
	if i == 0 {
		return place{}, false
	}
	return list[i-1], true
}

// forget drops what lies at or before a cut.
func (s *scanner) forget(cut place) {
	for k, list := range s.breaks {
		n := sort.Search(len(list), func(i int) bool { return list[i].byte > cut.byte })
		s.breaks[k] = slices.Delete(list, 0, n)
		if s.b.finished && n == len(list) {
			s.breaks[k] = nil // its memory goes too, since hardly any more comes
		}
	}
	for len(s.stops) > 0 && s.stops[0].byte <= cut.byte {
		s.stops = s.stops[1:]
	}
	for len(s.atoms) > 0 && s.atoms[0].to.byte <= cut.byte {
		s.atoms = s.atoms[1:]
	}
}
