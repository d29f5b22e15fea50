package ship

import (
	"context"
	"errors"
	"time"
)

// Run ships until ctx ends. It is called once.
func (s *Shipper) Run(ctx context.Context) {
	next := time.NewTimer(0)
	defer next.Stop()
	failures, warned := 0, false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			err = s.round(ctx)
			next.Reset(s.untilNext())
			if err == nil && !warned {
				s.warnOfEviction(ctx)
				warned = true
			}
		case <-s.wake:
			if failures > 0 {
				continue // the next round takes it
			}
			err = s.ship(ctx, s.takeWoken())
		}
		if failures = s.note(ctx, err, failures); failures > 0 {
			s.checkedAt = time.Time{} // it may be another server that answers next
			next.Reset(retryIn(failures))
		}
		pause(ctx, gather)
	}
}

// note logs the first of several failures, and their end. It returns the number of failures in a row.
func (s *Shipper) note(ctx context.Context, err error, failures int) int {
	switch {
	case err == nil && failures > 0:
		s.cfg.Log.Info().Int("failures", failures).Msg("usage records are shipped again")
		return 0
	case err == nil || ctx.Err() != nil:
		return 0
	case failures == 0:
		s.cfg.Log.Warn().Err(err).Msg("usage records are not shipped")
	}
	return failures + 1
}

// untilNext is the time to the next round: shorter as long as the ledger is not completed, but for a relay that has been
// running on the original for long.
func (s *Shipper) untilNext() time.Duration {
	switch {
	case s.ledger == nil || s.recovered:
		return s.cfg.BeatEvery
	case s.originalInUse && s.watched >= 2*originalPatience:
		return s.cfg.BeatEvery
	case s.originalInUse:
		s.watched += recoverAgain
	}
	return min(recoverAgain, s.cfg.BeatEvery)
}

// recoverAgain is the pause before the ledger is tried to be completed again.
const recoverAgain = time.Second

func retryIn(failures int) time.Duration {
	return min(firstRetry<<min(failures-1, 10), lastRetry)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// All ships everything that the ledger has, once, and returns when Redis has it. It writes no heartbeat, and does no harm
// while another process ships the same ledger. It must not run at the same time as Run.
func (s *Shipper) All(ctx context.Context) error {
	defer s.count()
	var err error
	for range losses {
		if err = s.shipAll(ctx); !errors.Is(err, errLost) {
			break
		}
	}
	return err
}

func (s *Shipper) shipAll(ctx context.Context) error {
	if err := s.readTails(ctx); err != nil {
		return err
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.ship(ctx, s.lagging())
}

// Finish is called after Run has returned and the last record was closed: it ships what is left and takes the heartbeat
// away, so that reports don't wait for this relay. Where it fails the heartbeat stays, and says so.
func (s *Shipper) Finish(ctx context.Context) error {
	recovering := s.recover(ctx)
	if err := errors.Join(recovering, s.All(ctx)); err != nil {
		return err
	}
	return Forget(ctx, s.rdb, s.cfg.Relay)
}
