package vendorhttp

import "voicerelay/upstream"

// metered sums what a vendor says that it counted of a stream's requests.
type metered struct {
	sum    upstream.Metered
	untold bool // it did not say so of one
}

// add adds a request that was heard to its end.
func (m *metered) add(told upstream.Metered) {
	m.untold = m.untold || told == upstream.Metered{}
	m.sum.Characters += told.Characters
	m.sum.InputTokens += told.InputTokens
	m.sum.OutputTokens += told.OutputTokens
}

// told is the sum, where it is of all requests.
func (m *metered) told() upstream.Metered {
	if m.untold {
		return upstream.Metered{}
	}
	return m.sum
}
