package ledger

import "voicerelay/billing"

// apply does changes in their order. The change that an error came from, if it came from one, is returned with it.
func (s *store) apply(changes []*change) (offender *change, err error) {
	b := &batch{store: s, sums: make(map[billing.SumKey]billing.SumValue), closed: make(map[string]bool)}
	if err := s.relax(nobodyWaits(changes)); err != nil {
		return nil, err
	}
	err = s.transact(func() error {
		for _, c := range changes {
			if c.refused {
				continue
			}
			if c.result, err = c.mutation.apply(b); err != nil {
				offender = c
				return err
			}
		}
		return b.finish()
	})
	if err == nil {
		for tenant := range b.closed {
			s.committed[tenant] = s.tails[tenant]
		}
	}
	return offender, err
}

// nobodyWaits reports whether no caller waits for any of the changes to be on the disk.
func nobodyWaits(changes []*change) bool {
	for _, c := range changes {
		switch c.mutation.(type) {
		case progress, claiming, hearing:
		default:
			return false
		}
	}
	return true
}
