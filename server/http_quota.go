package server

import (
	"fmt"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/limits"
)

// httpQuota is what all requests of one key over HTTP share: a rate, and as many generations at once as one connection may have.
// Each of them is a connection of its own, so that otherwise its limits would bound nothing. New WebSockets of the key share
// a rate as well.
type httpQuota struct {
	// Static after newHTTPQuota.
	limits   limits.Config
	gate     *limits.Gate
	rate     *limits.Rate
	connects *limits.Rate
}

func newHTTPQuotas(cfg Config) map[string]*httpQuota {
	if len(cfg.Keys) == 0 {
		return map[string]*httpQuota{cfg.Local.Name: newHTTPQuota(cfg.Local.Limits)}
	}
	desks := make(map[string]*httpQuota)
	for i := range cfg.Keys {
		desks[cfg.Keys[i].Name] = newHTTPQuota(cfg.Keys[i].Limits)
	}
	return desks
}

func newHTTPQuota(l limits.Config) *httpQuota {
	return &httpQuota{
		limits:   l,
		gate:     limits.NewGate(l.MaxConcurrentGenerations),
		rate:     limits.NewRate(max(l.HTTPRate(), 1)),
		connects: limits.NewRate(connectsPerMinute(l)),
	}
}

// enter takes a place for a generation; leave gives it back.
func (d *httpQuota) enter() (leave func(), err *protocol.Error) {
	leave, ok := d.gate.Acquire()
	if !ok {
		return nil, &protocol.Error{
			Code:    protocol.CodeTooManyGenerations,
			Message: fmt.Sprintf("%d generations at once over HTTP with this key", d.limits.MaxConcurrentGenerations),
		}
	}
	return leave, nil
}

// pace refuses a generation that comes too soon.
func (d *httpQuota) pace(now time.Time) *protocol.Error {
	ok, wait := d.rate.Take(now)
	if ok {
		return nil
	}
	return &protocol.Error{
		Code:       protocol.CodeRateLimitExceeded,
		Message:    fmt.Sprintf("%d generations a minute over HTTP with this key", d.limits.HTTPRate()),
		RetryAfter: wait,
	}
}
