package ship

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// admissionSlack is longer than the time between a generation's admission and its entry in the ledger.
const admissionSlack = 10 * time.Second

// round looks at what the ledger has, ships all that Redis lacks, and writes the heartbeat.
func (s *Shipper) round(ctx context.Context) error {
	defer s.count()
	s.tryRecover(ctx)
	oldest, err := s.horizon(ctx)
	if err != nil {
		return err
	}
	if err := s.readTails(ctx); err != nil {
		return err
	}
	if time.Since(s.checkedAt) >= s.cfg.CheckEvery {
		if err := s.check(ctx); err != nil {
			return err
		}
	}
	if lagging := s.lagging(); len(lagging) > 0 {
		// Said before it is mended: that may take long. A heartbeat that was lost must not keep the records waiting.
		if err := s.writeBeat(ctx); err != nil && !errors.Is(err, errLost) {
			return err
		}
		if err := s.ship(ctx, lagging); err != nil {
			return err
		}
	}
	s.count()
	s.oldest = oldest
	return s.writeBeat(ctx)
}

// horizon is the earliest admission that a record not closed by now may have. Read before the tails, so that a record that
// they don't cover was open here, or admitted later.
func (s *Shipper) horizon(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
	defer cancel()
	now := time.Now().Add(-admissionSlack)
	admitted, ok, err := s.out.OldestOpen(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("read open generations: %w", err)
	}
	if ok && admitted.Before(now) {
		return admitted, nil
	}
	return now, nil
}

// check reads all marks, and brings Redis the price lists that it lacks.
func (s *Shipper) check(ctx context.Context) error {
	marks, err := s.readMarks(ctx, maps.Keys(s.tails))
	if err != nil {
		return err
	}
	if err := s.shipPrices(ctx); err != nil {
		return err
	}
	lost := int64(0)
	for at, mark := range marks {
		lost += max(s.marks[at]-mark, 0)
		if mark > s.tails[at] {
			s.cfg.Log.Error().Str("epoch", at.epoch).Str("tenant", at.tenant).Int64("mark", mark).Int64("last", s.tails[at]).
				Msg("redis has usage records that the ledger lacks")
			s.recovered = false // the next round takes them in
		}
	}
	if lost > 0 {
		s.cfg.Log.Warn().Int64("records", lost).Msg("redis lost usage records, which are shipped again")
		s.oldest, s.lastBeat = time.Time{}, "" // the heartbeat that was lost with them needs no second look
	}
	s.marks, s.checkedAt = marks, time.Now()
	return nil
}

// lagging are the streams of which Redis lacks records, in a constant order.
func (s *Shipper) lagging() []stream {
	var streams []stream
	for at, tail := range s.tails {
		if tail > s.marks[at] {
			streams = append(streams, at)
		}
	}
	slices.SortFunc(streams, compareStreams)
	return streams
}

// ship brings the streams up to date, a run of each in turn, so that a long one doesn't hold up the others; live ones join
// in between.
func (s *Shipper) ship(ctx context.Context, streams []stream) error {
	for len(streams) > 0 {
		var next []stream
		for _, at := range streams {
			more, err := s.shipRun(ctx, at)
			if err != nil {
				return err
			}
			if more {
				next = append(next, at)
			}
		}
		for _, at := range s.takeWoken() {
			if !slices.Contains(next, at) {
				next = append(next, at)
			}
		}
		streams = next
	}
	return nil
}

// shipRun ships the stream's next run. more says that another one is to be had.
func (s *Shipper) shipRun(ctx context.Context, at stream) (more bool, err error) {
	after, known := s.marks[at]
	if !known {
		if err := s.nameStream(ctx, at); err != nil {
			return false, err
		}
	}
	records, err := s.unshippedOf(ctx, at, after)
	if err != nil {
		return false, err
	}
	if len(records) == 0 {
		// Nothing new, or nothing left: the ledger forgets records whose time is over.
		s.marks[at] = max(after, s.tails[at])
		return false, nil
	}
	if err := s.shipPricesOf(ctx, records); err != nil {
		return false, err
	}
	last := records[len(records)-1].Seq
	mark, err := s.applyOnce(ctx, at, after, records)
	if err != nil {
		return false, err
	}
	s.marks[at], s.tails[at] = mark, max(last, s.tails[at])
	if mark < after {
		s.oldest = time.Time{}
		return false, errLost
	}
	return mark < s.tails[at] || len(records) == s.cfg.RunSize, nil
}

// applyOnce applies a run, but for records that Redis has under another number: those count as they are there, and the
// ledger takes them so.
func (s *Shipper) applyOnce(ctx context.Context, at stream, after int64, records []billing.Numbered) (mark int64, err error) {
	skip := make(map[string]bool)
	for { // ends: each turn skips one more record at least
		r, err := newRun(at, after, records, skip)
		if err != nil {
			return 0, err
		}
		mark, twice, err := s.applyRun(ctx, r)
		if err != nil || len(twice) == 0 {
			return mark, err
		}
		if err := s.takeAsThere(ctx, records, twice); err != nil {
			return 0, err
		}
		for _, id := range twice {
			skip[id] = true
		}
	}
}

// takeAsThere has the ledger take records as Redis has them.
func (s *Shipper) takeAsThere(ctx context.Context, records []billing.Numbered, ids []string) error {
	s.cfg.Log.Warn().Int("records", len(ids)).Msg("redis has records of this ledger under other numbers: they count once, as they are there")
	if s.ledger == nil {
		return nil
	}
	var asked []billing.Record
	for i := range records {
		if slices.Contains(ids, records[i].Record.ID) {
			asked = append(asked, records[i].Record)
		}
	}
	found, err := s.reports.recordsOf(ctx, asked)
	if err != nil {
		return fmt.Errorf("read records that are there: %w", err)
	}
	return s.adopt(ctx, nil, found)
}

// nameStream comes before the first records of a stream, so that reports, and a ledger that was restored from a copy, know
// where to look.
func (s *Shipper) nameStream(ctx context.Context, at stream) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		s.nameEpoch(ctx, p, at.epoch)
		p.SAdd(ctx, tenantsKey, at.tenant)
		return nil
	})
	if err != nil {
		return fmt.Errorf("name tenant and epoch: %w", err)
	}
	return nil
}

func (s *Shipper) unshippedOf(ctx context.Context, at stream, after int64) ([]billing.Numbered, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
	defer cancel()
	records, err := s.out.Unshipped(ctx, at.epoch, at.tenant, after, s.cfg.RunSize)
	if err != nil {
		return nil, fmt.Errorf("read unshipped records: %w", err)
	}
	return records, nil
}

// applyRun returns the mark as it is then: the run's last number, or, where Redis was elsewhere than the run took it to be,
// another. Nothing was done where records of it are there already: then it returns their ids.
func (s *Shipper) applyRun(ctx context.Context, r *run) (mark int64, twice []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answer, err := s.apply.Run(ctx, s.rdb, r.keys(), r.args(s.cfg.Retention)...).Result()
	if err != nil {
		return 0, nil, fmt.Errorf("apply run: %w", err)
	}
	switch answer := answer.(type) {
	case int64:
		return answer, nil, nil
	case []any:
		for _, id := range answer {
			if id, ok := id.(string); ok {
				twice = append(twice, id)
			}
		}
	}
	if len(twice) == 0 {
		return 0, nil, errStored
	}
	return 0, twice, nil
}
