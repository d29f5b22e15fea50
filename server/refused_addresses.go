package server

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/limits"
)

// Bounds on what is remembered of those who were refused, and on what is said of them.
const (
	// maxAddresses is how many addresses are remembered, of 300 bytes each: more than an attacker has in IPv4, as a rule, and
	// little memory. An address that was forgotten counts from zero again.
	maxAddresses = 4096
	// lineEvery is the time between two log lines about one address, linesPerSecond bounds those about all of them. Else
	// an attacker with many addresses fills the log.
	lineEvery      = time.Second
	linesPerSecond = 20
)

// Bounds on wrong keys. Keys are too long to be guessed at any rate; what is bounded is what guesses cost others.
const (
	// guessesPerMinute is how many wrong keys of one address are answered at once, after which one each 3 s is: enough for
	// a fleet of one address that was given a wrong key to be told so.
	guessesPerMinute = 20
	// guessDelay is how long the answer to a further one waits, and maxDelayed and maxDelayedOf are how many answers wait at a
	// time, of all addresses and of one. Those beyond are given at once: a wait holds a connection and a goroutine.
	guessDelay   = 250 * time.Millisecond
	maxDelayed   = 256
	maxDelayedOf = 8
)

// refusedAddresses is who was refused lately, by address. Nothing is remembered of others. It is safe for concurrent use.
type refusedAddresses struct {
	// Static after newRefusedAddresses.
	lines *rate.Limiter // of the log, about all addresses

	mu      sync.Mutex // guards what follows
	known   map[netip.Prefix]*list.Element
	order   *list.List // of *refusedAddress; who was refused last is in front
	delayed int
}

// refusedAddress is one address, as far as it was refused.
type refusedAddress struct {
	from    netip.Prefix
	guesses *limits.Rate // wrong keys; nil: none so far
	delayed int          // answers that wait
	told    time.Time    // when the log last had a line about it
	untold  refusalCount // refusals since
	latest  refusal      // of them
}

// refusalCount is how many refusals there were: in all, and by code, with an empty one for handshakes.
type refusalCount struct {
	all    int
	byCode map[protocol.Code]int
}

func (n *refusalCount) add(code protocol.Code) {
	if n.byCode == nil {
		n.byCode = make(map[protocol.Code]int, 1)
	}
	n.all++
	n.byCode[code]++
}

// refusal is what the log says of a client that was refused. Of what the client chose it has the address alone.
type refusal struct {
	remote netip.Addr
	code   protocol.Code
	key    keyName
	// handshake is why there is no TLS connection; empty: it was a request or a message that was refused.
	handshake string
}

// keyName is a key as the log names it. It keeps no configuration in memory, as a *access.Key would.
type keyName struct {
	tenant, key string // empty: none is known
	next        bool
}

func newRefusedAddresses() *refusedAddresses {
	return &refusedAddresses{
		lines: rate.NewLimiter(linesPerSecond, linesPerSecond),
		known: make(map[netip.Prefix]*list.Element),
		order: list.New(),
	}
}

// addressLocked is what is remembered of an address. Where there is no room, who was refused longest ago is forgotten, with
// what the log has not been told of it.
func (c *refusedAddresses) addressLocked(from netip.Prefix) *refusedAddress {
	if e := c.known[from]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*refusedAddress)
	}
	if len(c.known) >= maxAddresses {
		oldest := c.order.Remove(c.order.Back()).(*refusedAddress)
		delete(c.known, oldest.from)
	}
	one := &refusedAddress{from: from}
	c.known[from] = c.order.PushFront(one)
	return one
}

// due notes a refusal, and reports whether the log is to have a line now, of how many refusals.
func (c *refusedAddresses) due(what refusal, now time.Time) (count refusalCount, yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.addressLocked(downstream.NetworkOf(what.remote))
	one.untold.add(what.code)
	one.latest = what
	if now.Sub(one.told) < lineEvery || !c.lines.AllowN(now, 1) {
		return refusalCount{}, false
	}
	return one.tell(now), true
}

// tell has all that was refused so far be told.
func (one *refusedAddress) tell(now time.Time) (count refusalCount) {
	count = one.untold
	one.untold, one.told = refusalCount{}, now
	return count
}

// overdue is what the log has not been told of for long enough, with how many refusals each line is about.
func (c *refusedAddresses) overdue(now time.Time) (lines []lateLine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil; e = e.Next() {
		one := e.Value.(*refusedAddress)
		if one.untold.all > 0 && now.Sub(one.told) >= lineEvery && c.lines.AllowN(now, 1) {
			lines = append(lines, lateLine{one.latest, one.tell(now)})
		}
	}
	return lines
}

// lateLine is what the log is to have: the latest refusal of an address, and how many there were.
type lateLine struct {
	latest refusal
	count  refusalCount
}

// guessed notes a wrong key. tooMany: there were many from this address, and another one may be tried after the wait.
func (c *refusedAddresses) guessed(remote netip.Addr, now time.Time) (wait time.Duration, tooMany bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.addressLocked(downstream.NetworkOf(remote))
	if one.guesses == nil {
		one.guesses = limits.NewRate(guessesPerMinute)
	}
	ok, wait := one.guesses.Take(now)
	return wait, !ok
}

// delay takes a place for an answer that waits, or reports false where too many do.
func (c *refusedAddresses) delay(remote netip.Addr) (over func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.addressLocked(downstream.NetworkOf(remote))
	if c.delayed >= maxDelayed || one.delayed >= maxDelayedOf {
		return nil, false
	}
	c.delayed++
	one.delayed++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.delayed--
		one.delayed--
	}, true
}
