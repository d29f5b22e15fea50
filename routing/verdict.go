package routing

import (
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"voicerelay/upstream"
)

// Verdict takes what an attempt says about its target and its voice. Tell must be called, since a circuit that is half
// open waits for it. It is safe for concurrent use.
type Verdict struct {
	// Static after Allow.
	circuits   *Circuits
	trial      Trial
	target     *breaker
	voice      *breaker // nil: the voice has no circuit
	tellTarget func(error)
	tellVoice  func(error) // nil: the voice has no circuit
	awaited    bool        // one of the circuits is half open

	mu     sync.Mutex // guards what follows
	spoken bool       // Speaks has closed the circuits
	told   bool
}

// Allow lets an attempt pass, or returns nil where the target is to be left alone.
func (c *Circuits) Allow(t Trial) *Verdict {
	if c.cooling(t.Provider) {
		return nil
	}
	target := c.target(t.Target)
	tellTarget, err := target.Allow()
	if err != nil {
		return nil
	}
	voice := c.voice(t.Candidate)
	v := &Verdict{circuits: c, trial: t, target: target, tellTarget: tellTarget}
	if voice != nil {
		if v.tellVoice, err = voice.Allow(); err != nil {
			tellTarget(ErrUndecided)
			return nil
		}
		v.voice = voice
	}
	v.awaited = target.State() == gobreaker.StateHalfOpen || voice != nil && voice.State() == gobreaker.StateHalfOpen
	return v
}

// Awaited reports whether a half-open circuit waits for this verdict, so that Speaks is of use.
func (v *Verdict) Awaited() bool { return v.awaited }

// Speaks tells that the attempt speaks well so far. It lets a half-open circuit close at once, since the attempt's end
// may be long in coming. A failure that Tell is told later counts like any other.
func (v *Verdict) Speaks() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.awaited || v.spoken || v.told {
		return
	}
	v.spoken = true
	v.judge(nil)
}

// Tell is told how the attempt ended: nil for one that spoke, its error for one that failed. An attempt that says
// nothing about the target (a cancel, a request that was at fault itself) gives ErrUndecided. Only the first call counts.
func (v *Verdict) Tell(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.told {
		return
	}
	v.told = true
	if v.spoken && !v.again(err) {
		return
	}
	v.judge(err)
}

// again asks the circuits a second time for an attempt that was told to speak well and has failed since. It reports false where
// there is nothing more to tell them.
func (v *Verdict) again(err error) bool {
	v.circuits.cool(v.trial.Provider, err)
	if err == nil || undecided(err) && !upstream.Policies[kindOf(err)].PerVoice {
		return false
	}
	var refused error
	if v.tellTarget, refused = v.target.Allow(); refused != nil {
		return false
	}
	v.voice, v.tellVoice = nil, nil
	return true
}

// judge tells the circuits.
func (v *Verdict) judge(err error) {
	v.circuits.cool(v.trial.Provider, err)
	silent := upstream.Policies[kindOf(err)].PerVoice
	v.judgeVoice(err, silent)
	if silent && v.target.silentVoice(v.trial.Voice) {
		err = errSilent
	}
	v.target.judge(v.trial.Tenant, err, v.tellTarget)
}

// judgeVoice tells the voice's circuit of silence and of speech.
func (v *Verdict) judgeVoice(err error, silent bool) {
	if silent && v.voice == nil {
		v.voice = v.circuits.silentVoice(v.trial.Candidate)
		var refused error
		if v.tellVoice, refused = v.voice.Allow(); refused != nil {
			return // opened in between
		}
	}
	switch {
	case v.voice == nil && err == nil:
		v.circuits.spoke(v.trial, time.Now())
	case v.voice == nil:
	case silent:
		v.voice.judge(v.trial.Tenant, errSilent, v.tellVoice)
	case err == nil:
		v.voice.judge(v.trial.Tenant, nil, v.tellVoice)
	default:
		v.tellVoice(ErrUndecided)
	}
}
