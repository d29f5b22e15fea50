package tone

import (
	"slices"
	"time"
)

// Duration is how long a piece's audio is: 60 ms for each letter or digit and 40 ms after each word, divided by speed.
func Duration(text string, speed float64) time.Duration {
	ws := words(text)
	if len(ws) == 0 {
		return 0
	}
	return faster(ws[len(ws)-1].end+wordPause, speed)
}

// Stats is a copy of the counts.
func (p *Provider) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Requests = slices.Clone(s.Requests)
	return s
}
