package relay

import "context"

// lose ends the attempt from our side: its audio is no longer taken. It returns what the attempt ended with, which is the
// vendor's own error if that came before, since it says more.
func (a *attempt) lose(err error) error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.outcome.Lose(err)
	return a.outcome.Err
}

// release lets go of the vendor, whatever the attempt has ended with: one that still speaks is told to stop. The circuit and the metrics
// hear how it went.
func (a *attempt) release(ctx context.Context, err error) {
	a.vendor.Release(ctx, err)
	a.verdict.Tell(a.judge())
	a.observe(err)
}
