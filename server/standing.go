package server

import (
	"context"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay/refusals"
)

// How long the ledger must have failed before clients are sent away, to other relays where there are some. A disk that is
// slow for a moment is no reason to move: a failed commit is tried again after 100 ms. Longer would be felt, since callers
// hear nothing meanwhile, and another connection takes its time too. Their running generations have awayGrace, as if the relay
// were to stop.
const (
	awayAfter = 500 * time.Millisecond
	awayGrace = 20 * time.Second
	lookEvery = 100 * time.Millisecond
)

// MayServe implements downstream.Server.
func (srv *Server) MayServe() *protocol.Error {
	switch {
	case srv.isDraining():
		return downstream.GoingAway()
	case srv.standing().Unrecorded:
		return downstream.WireError(refusals.Unrecorded())
	case srv.memory.pressure() >= scarce:
		return shortOfMemory()
	default:
		return nil
	}
}

// Watch sends clients away while the ledger can't be written, since nothing is taken from them here, ends the connections of
// keys that expire, looks how much memory is in use and how far budgets are spent, and tells the log of refusals that it has not been
// told of. It returns when ctx ends.
func (srv *Server) Watch(ctx context.Context) {
	var budgets sync.WaitGroup
	budgets.Go(func() { srv.watch.Run(ctx) })
	defer budgets.Wait()
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	defer func() { srv.logOverdue(time.Now()) }()
	var since time.Time // since when the ledger fails; zero: it does not
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticks.C:
			srv.logOverdue(now)
			srv.endExpired(last, now)
			last = now
			srv.memory.look(now, srv.log)
			switch {
			case !srv.standing().Unrecorded:
				since = time.Time{}
			case since.IsZero():
				since = now
			case now.Sub(since) >= awayAfter:
				srv.sendAway()
			}
		}
	}
}

// sendAway tells each client once to connect to another relay.
func (srv *Server) sendAway() {
	for _, c := range srv.current() {
		c.SendAway(awayGrace)
	}
}

// statusReady is the status of a relay that takes generations.
const statusReady = "ready"

// status is how the relay does, in a word.
func (srv *Server) status() string {
	switch {
	case srv.isLeaving():
		return "draining"
	case srv.standing().Unrecorded:
		return string(protocol.CodeLedgerUnavailable)
	case srv.memory.pressure() >= scarce:
		return "memory"
	}
	return statusReady
}
