package audio

// Nearest is the best of a vendor's formats for a client's: the same one; else a linear one that loses nothing,
// at the lowest rate that is enough; else the highest rate there is. Where two are equal the earlier one wins. With
// nothing to choose from it is the zero Format.
func Nearest(want Format, have []Format) Format {
	var best Format
	for i, f := range have {
		if i == 0 || nearer(want.Samples(), f.Samples(), best.Samples()) {
			best = f
		}
	}
	return best
}

// nearer reports whether a is strictly better than b.
func nearer(want, a, b Format) bool {
	if a == want || b == want {
		return a == want && b != want
	}
	enoughA, enoughB := a.linear() && a.Rate >= want.Rate, b.linear() && b.Rate >= want.Rate
	switch {
	case enoughA != enoughB:
		return enoughA
	case a.Rate != b.Rate:
		return (a.Rate < b.Rate) == enoughA // among enough the least, else the most
	case a.linear() != b.linear():
		return a.linear()
	default:
		return a.Encoding == want.Encoding && b.Encoding != want.Encoding
	}
}
