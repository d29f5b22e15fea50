package ship

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"voicerelay/billing"
)

// errOriginalInUse says that somebody else writes heartbeats in the name of this ledger, or did so a moment ago.
var errOriginalInUse = errors.New("this ledger is a copy, and another relay may run on the original, which was heard of within 15 s")

// originalPatience is how old a heartbeat is that is taken for one of a relay that is gone. One that runs writes one every 10 s.
const originalPatience = 15 * time.Second

// recover completes the ledger from Redis: it asks what became of what was left open, takes in the records that a copy
// lacks, and only then closes what exists nowhere else. Until that has succeeded, nothing of it is closed.
func (s *Shipper) recover(ctx context.Context) error {
	if s.ledger == nil || s.recovered {
		return nil
	}
	remains, err := s.remains(ctx)
	if err != nil {
		return err
	}
	lacking, err := s.lackingTails(ctx, remains)
	if err != nil {
		return err
	}
	if err := s.adopt(ctx, lacking, nil); err != nil {
		return err
	}
	if err := s.adoptOpen(ctx, remains.Open); err != nil {
		return err
	}
	if err := s.fill(ctx, remains.Newest); err != nil {
		return err
	}
	if remains.Copied {
		if err := s.awaitOriginal(ctx, remains.Gone); err != nil {
			return err
		}
	}
	if err := s.conclude(ctx); err != nil {
		return err
	}
	s.recovered = true
	return nil
}

// Recover completes the ledger before Run begins, where a crash or a restoration left something open, as far as ctx allows.
// What it does not come to, Run does.
func (s *Shipper) Recover(ctx context.Context) {
	if s.ledger == nil {
		return
	}
	if remains, err := s.remains(ctx); err == nil && len(remains.Open) == 0 {
		return // the caller has stopped waiting
	}
	s.tryRecover(ctx)
}

// tryRecover recovers if that is to be done. Whatever it fails by, shipping goes on.
func (s *Shipper) tryRecover(ctx context.Context) {
	err := s.recover(ctx)
	s.originalInUse = errors.Is(err, errOriginalInUse)
	switch {
	case err != nil && !s.troubled && !errors.Is(ctx.Err(), context.Canceled):
		s.cfg.Log.Warn().Err(err).Msg("what earlier starts left open stays open until redis has said what became of it")
	case err == nil && s.troubled:
		s.cfg.Log.Info().Msg("what earlier starts left open is closed")
	}
	s.troubled = err != nil
}

func (s *Shipper) remains(ctx context.Context) (billing.Remains, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
	defer cancel()
	return s.ledger.Remains(ctx)
}

func (s *Shipper) adopt(ctx context.Context, tails []billing.Tail, records []billing.Numbered) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
	defer cancel()
	return s.ledger.Adopt(ctx, tails, records)
}

func (s *Shipper) conclude(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
	defer cancel()
	return s.ledger.Conclude(ctx)
}

// maxAsked bounds the marks that are asked for beyond those that the ledger has records of: one call of 256 takes Redis some
// 0.1 ms.
const maxAsked = 100_000

// lackingTails are the last numbers that Redis has of epochs of this ledger, where the ledger's are lower.
func (s *Shipper) lackingTails(ctx context.Context, remains billing.Remains) ([]billing.Tail, error) {
	if err := s.readTails(ctx); err != nil {
		return nil, err
	}
	later, err := s.unknownEpochs(ctx, remains)
	if err != nil {
		return nil, err
	}
	tenants, err := s.reports.tenants(ctx, "")
	if err != nil {
		return nil, err
	}
	streams := make(map[stream]bool, len(s.tails))
	for at := range s.tails {
		streams[at] = true
	}
	// A copy may be older than a tenant's first record of an epoch. The newest ones are the likeliest.
	for _, epoch := range slices.Backward(append(remains.Epochs, later...)) {
		for _, tenant := range tenants {
			if len(streams) < len(s.tails)+maxAsked {
				streams[stream{epoch, tenant}] = true
			}
		}
	}
	marks, err := s.readMarks(ctx, maps.Keys(streams))
	if err != nil {
		return nil, err
	}
	var lacking []billing.Tail
	for at, mark := range marks {
		if mark > s.tails[at] && at.epoch != s.cfg.Epoch {
			lacking = append(lacking, billing.Tail{Epoch: at.epoch, Tenant: at.tenant, Last: mark})
		}
	}
	slices.SortFunc(lacking, func(a, b billing.Tail) int {
		return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Tenant, b.Tenant))
	})
	return lacking, nil
}

// unknownEpochs are the starts on this ledger that Redis knows of and that the ledger doesn't: they came after the copy, or
// their records have gone with the retention.
func (s *Shipper) unknownEpochs(ctx context.Context, remains billing.Remains) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	named, err := s.rdb.ZRange(ctx, epochsKey(s.cfg.Relay), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", err)
	}
	first := ""
	if !remains.Kept.IsZero() {
		first = fmt.Sprintf("%012x", remains.Kept.UnixMilli()) // names begin with the time of the start
	}
	return slices.DeleteFunc(named, func(epoch string) bool {
		return epoch < first || epoch == s.cfg.Epoch || slices.Contains(remains.Epochs, epoch)
	}), nil
}

// adoptOpen looks up each generation that was left open: it may have ended after the copy.
func (s *Shipper) adoptOpen(ctx context.Context, open []billing.Record) error {
	for some := range slices.Chunk(open, verifyPage) {
		found, err := s.reports.recordsOf(ctx, some)
		if err != nil {
			return fmt.Errorf("ask what became of open generations: %w", err)
		}
		if len(found) == 0 {
			continue
		}
		s.cfg.Log.Warn().Int("records", len(found)).Msg("generations that this ledger has as open had ended: it is an older copy")
		if err := s.adopt(ctx, nil, found); err != nil {
			return err
		}
	}
	return nil
}

// fill takes in the records that the ledger lacks, as far as Redis still has them. newest is the youngest admission that the
// ledger had.
func (s *Shipper) fill(ctx context.Context, newest time.Time) error {
	var filled, lacking int64
	// Whatever is missing was admitted after what is there. A clock that was set back in between is the exception.
	for _, first := range []int64{floorHour(newest.Add(-time.Hour)), 0} {
		remains, err := s.remains(ctx)
		if err != nil || len(remains.Gaps) == 0 {
			return err
		}
		n, err := s.search(ctx, remains.Gaps, first)
		if err != nil {
			return fmt.Errorf("look for records that the ledger lacks: %w", err)
		}
		filled += n
		lacking = numbersIn(remains.Gaps) - n
		if lacking == 0 {
			break
		}
	}
	s.cfg.Log.Warn().Int64("records", filled).Int64("lost", lacking).
		Msg("the ledger is an older copy: records that it lacked were taken from redis")
	return nil
}

// numbersIn is how many numbers gaps have.
func numbersIn(gaps []billing.Gap) (n int64) {
	for _, g := range gaps {
		n += g.Last - g.First + 1
	}
	return n
}

// search reads the hours from first on of each tenant that lacks records, and has the ledger adopt those in gaps.
func (s *Shipper) search(ctx context.Context, gaps []billing.Gap, first int64) (filled int64, err error) {
	wanted := make(map[string]map[string][]billing.Gap) // by tenant and epoch
	for _, g := range gaps {
		if wanted[g.Tenant] == nil {
			wanted[g.Tenant] = make(map[string][]billing.Gap)
		}
		wanted[g.Tenant][g.Epoch] = append(wanted[g.Tenant][g.Epoch], g)
	}
	for tenant, epochs := range wanted {
		hours, err := s.reports.hours(ctx, tenant, first, farHour)
		if err != nil {
			return filled, err
		}
		for _, hour := range hours {
			n, err := s.searchHour(ctx, spot{hour, tenant}, epochs)
			if err != nil {
				return filled, err
			}
			filled += n
		}
	}
	return filled, nil
}

func (s *Shipper) searchHour(ctx context.Context, at spot, epochs map[string][]billing.Gap) (filled int64, err error) {
	err = s.reports.eachPage(ctx, at, "+", func(entries []entry) error {
		var found []billing.Numbered
		for _, e := range entries {
			n, err := e.numbered()
			if err != nil {
				return err
			}
			if slices.ContainsFunc(epochs[n.Epoch], func(g billing.Gap) bool { return g.First <= n.Seq && n.Seq <= g.Last }) {
				found = append(found, n)
			}
		}
		if len(found) == 0 {
			return nil
		}
		filled += int64(len(found))
		return s.adopt(ctx, nil, found)
	})
	return filled, err
}

// awaitOriginal makes sure that no relay writes the ledger that this one is a copy of: what that has open is its to close. Those
// who are gone for sure are not asked for.
func (s *Shipper) awaitOriginal(ctx context.Context, gone []string) error {
	beats, now, err := s.reports.heartbeats(ctx)
	if err != nil {
		return err
	}
	for _, b := range beats {
		other := b.Relay == s.cfg.Relay && b.Epoch != s.cfg.Epoch && !slices.Contains(gone, b.Epoch)
		if other && now.Sub(b.At) < originalPatience {
			return errOriginalInUse
		}
	}
	return nil
}
