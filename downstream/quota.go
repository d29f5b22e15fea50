package downstream

import (
	"fmt"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/limits"
)

// Quota is what all requests of one key over HTTP share: a rate, and as many generations at once as one connection may have.
// Each of them is a connection of its own, so that otherwise its limits would bound nothing. New WebSockets of the key share
// a rate as well.
type Quota struct {
	// Static after NewQuota.
	limits   limits.Config
	gate     *limits.Gate // of texts in the relay's own protocol
	others   *limits.Gate // of texts in other dialects
	rate     *limits.Rate
	connects *limits.Rate
}

// NewQuota counts by the limits of one key. A reload that changes them makes another Quota.
func NewQuota(l limits.Config) *Quota {
	return &Quota{
		limits:   l,
		gate:     limits.NewGate(l.MaxConcurrentGenerations),
		others:   limits.NewGate(l.ConcurrentRequests()),
		rate:     limits.NewRate(max(l.HTTPRate(), 1)),
		connects: limits.NewRate(connectsPerMinute(l)),
	}
}

// Enter takes a place for a generation of the relay's own protocol; leave gives it back.
func (q *Quota) Enter() (leave func(), err *protocol.Error) {
	return enter(q.gate, q.limits.MaxConcurrentGenerations)
}

// EnterOther is Enter for a generation of another dialect.
func (q *Quota) EnterOther() (leave func(), err *protocol.Error) {
	return enter(q.others, q.limits.ConcurrentRequests())
}

func enter(gate *limits.Gate, most int) (leave func(), err *protocol.Error) {
	leave, ok := gate.Acquire()
	if !ok {
		return nil, &protocol.Error{
			Code:    protocol.CodeTooManyGenerations,
			Message: fmt.Sprintf("%d generations at once over HTTP with this key", most),
		}
	}
	return leave, nil
}

// Pace refuses a generation that comes too soon.
func (q *Quota) Pace(now time.Time) *protocol.Error {
	ok, wait := q.rate.Take(now)
	if ok {
		return nil
	}
	return &protocol.Error{
		Code:       protocol.CodeRateLimitExceeded,
		Message:    fmt.Sprintf("%d generations a minute over HTTP with this key", q.limits.HTTPRate()),
		RetryAfter: wait,
	}
}

// Connect refuses a new WebSocket that comes too soon.
func (q *Quota) Connect(now time.Time) *protocol.Error {
	ok, wait := q.connects.Take(now)
	if ok {
		return nil
	}
	return &protocol.Error{
		Code:       protocol.CodeTooManyConnections,
		Message:    fmt.Sprintf("%d new connections a minute with this key", connectsPerMinute(q.limits)),
		RetryAfter: wait,
	}
}

// Limits are those that it was made of.
func (q *Quota) Limits() limits.Config { return q.limits }

// leastConnects is how many connections a minute every key may open at least, however few it may have at once: ten a
// second, as many as texts over HTTP.
const leastConnects = 600

// connectsPerMinute is how many connections a key may open in a minute. By default a whole fleet may reconnect at
// once, as after a restart of its relay.
func connectsPerMinute(l limits.Config) int {
	if l.ConnectionsPerMinute > 0 {
		return l.ConnectionsPerMinute
	}
	return max(leastConnects, l.MaxConnections)
}
