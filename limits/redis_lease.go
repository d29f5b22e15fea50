package limits

import (
	"context"
	"slices"
)

// tell lets Redis know what has ended while it was away, and what was heard.
func (s *admissions) tell(ctx context.Context, ask asker) error {
	if err := s.tellEnds(ctx, ask); err != nil {
		return err
	}
	s.mu.Lock()
	heard := listed(s.unheard)
	s.mu.Unlock()
	for _, batch := range heard {
		if _, err := s.renewBatch(ctx, ask, batch, false); err != nil {
			return err
		}
		s.mu.Lock()
		for _, l := range batch {
			drop(s.unheard, l)
		}
		s.mu.Unlock()
	}
	return nil
}

// tellEnds tells one end at a time, so that none is forgotten before Redis has it. Only the keeper, or Close after
// it, calls it.
func (s *admissions) tellEnds(ctx context.Context, ask asker) error {
	for {
		s.mu.Lock()
		if len(s.unsettled) == 0 {
			s.unsettled = nil // its array may be large
			s.mu.Unlock()
			return nil
		}
		next := s.unsettled[0]
		s.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := ask(ctx, next.admission.Tenant, s.settleCall(next)); err != nil {
			return err
		}
		s.mu.Lock()
		s.unsettled = s.unsettled[1:]
		s.mu.Unlock()
	}
}

// renew renews the leases of all that runs. What Redis has lost, or has never known, it takes on.
func (s *admissions) renew(ctx context.Context, ask asker) error {
	s.mu.Lock()
	held := listed(s.held)
	s.mu.Unlock()
	for _, batch := range held {
		missing, err := s.renewBatch(ctx, ask, batch, false)
		if err != nil {
			return err
		}
		if err := s.restore(ctx, ask, missing); err != nil {
			return err
		}
	}
	return nil
}

// restore takes on leases that Redis does not know. One that has ended in between is missing rightly, or is freed
// again where it ended while this was on its way.
func (s *admissions) restore(ctx context.Context, ask asker, missing []*lease) error {
	missing = slices.DeleteFunc(missing, s.ended)
	if len(missing) == 0 {
		return nil
	}
	if _, err := s.renewBatch(ctx, ask, missing, true); err != nil {
		return err
	}
	for _, l := range missing {
		if !s.ended(l) {
			continue
		}
		free := settlement{admission: Admission{Tenant: l.admission.Tenant, RecordID: l.admission.RecordID}}
		if _, err := ask(ctx, l.admission.Tenant, s.settleCall(free)); err != nil {
			return err
		}
	}
	return nil
}

// free frees what an earlier start of this relay held of a tenant, and can't give back any more.
func (s *admissions) free(ctx context.Context, ask asker, tenant string) error {
	_, err := ask(ctx, tenant, call{s.scripts.former, s.keys.admissions(tenant), []any{s.holder.relay, s.holder.start}})
	return err
}

// ended reports whether a lease is no longer held.
func (s *admissions) ended(l *lease) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[l.admission.Tenant][l.admission.RecordID] != l
}

// renewBatch renews leases of one tenant, and returns those that Redis does not know.
func (s *admissions) renewBatch(ctx context.Context, ask asker, batch []*lease, restore bool) ([]*lease, error) {
	tenant := batch[0].admission.Tenant
	args := []any{s.lease.Milliseconds(), flag(restore), s.holder.relay, s.holder.start}
	s.mu.Lock()
	for _, l := range batch {
		a := l.admission
		args = append(args, a.RecordID, s.secret.hash(a), a.Window.Milliseconds(), a.GenerationID, flag(l.heard))
	}
	s.mu.Unlock()
	reply, err := ask(ctx, tenant, call{s.scripts.renew, s.keys.admissions(tenant), args})
	if err != nil {
		return nil, err
	}
	var missing []*lease
	for _, l := range batch {
		if slices.Contains(reply, any(l.admission.RecordID)) {
			missing = append(missing, l)
		}
	}
	return missing, nil
}

// listed is leases in batches, each of one tenant.
func listed(leases map[string]map[string]*lease) [][]*lease {
	var batches [][]*lease
	for _, ofTenant := range leases {
		var all []*lease
		for _, l := range ofTenant {
			all = append(all, l)
		}
		batches = slices.AppendSeq(batches, slices.Chunk(all, leasesAtOnce))
	}
	return batches
}
