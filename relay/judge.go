package relay

import (
	"strings"

	"voicerelay/relay/outcome"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// judge is what the attempt's end says about its target. A failure does not count against the target if it may be the
// client's own fault, by a raw voice or its own options. Nor does a client that leaves, or a backup that was faster before
// the first word.
func (a *attempt) judge() error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	name := a.nameLocked()
	switch {
	case name == outcome.Completed, name == outcome.Cancelled && a.outcome.Heard:
		return nil // it spoke until it was told to stop
	case name == outcome.Hedged && a.outcome.Heard:
		return errStalled
	case name != outcome.Failed, strings.Contains(a.out.req.plan.Voice, "/"), a.out.req.options[a.target.Provider] != nil:
		return routing.ErrUndecided
	}
	return a.outcome.Err
}

// errStalled is the verdict on a target that was silent in mid-speech, so that a backup took over.
var errStalled = &upstream.Error{Kind: upstream.Stalled, Message: "silent while the audio ran out"}

// observe counts the attempt's outcome and remembers its error for the operator.
func (a *attempt) observe(err error) {
	a.out.mu.Lock()
	name := a.nameLocked()
	a.out.mu.Unlock()
	code := ""
	if name == outcome.Failed {
		code = string(upstream.KindOf(err))
		a.provider.Failed(err)
		event := a.out.log.Warn().Str("provider", a.target.Provider).Str("model", a.target.Model).
			Str("code", code).Str("error", upstream.ToldOf(err))
		if id := upstream.RequestIDOf(err); id != "" {
			event = event.Str("upstream_id", id)
		}
		if class := upstream.ClassOf(err); class != "" {
			event = event.Str("class", string(class))
		}
		event.Msg("attempt failed")
	}
	a.out.engine.metrics.AttemptEnded(a.target.Provider, name, code)
}
