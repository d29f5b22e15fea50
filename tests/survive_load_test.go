package tests

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// proofs has the tests whose names begin with TestSurvives run at their full size, one after the other. It takes minutes;
// docs/ledger.md has what they print.
var proofs = flag.Bool("proofs", false, "run the tests of what survives at their full size")

// sized is a figure as it is in every run of the tests, and at the full size.
func sized[T any](small, full T) T {
	if *proofs {
		return full
	}
	return small
}

// amongOthers lets a test run beside others, but for its full size, which takes all of the machine.
func amongOthers(t *testing.T) {
	if !*proofs {
		t.Parallel()
	}
}

// A crowd is callers that keep generations running, and what they were told of them.
type crowd struct {
	// Static after newCrowd.
	t     *testing.T
	each  int  // generations that a caller keeps running
	kills bool // relays are killed: connections may break

	over    chan struct{} // closed when no more generations are to begin
	callers sync.WaitGroup

	mu     sync.Mutex // guards what follows
	ended  bool       // over is closed
	phase  string
	told   map[string]*told           // by record id
	firsts map[string][]time.Duration // from asking to the first audio, by the phase in which it was asked for
	open   map[*caller]int            // how many generations run that were accepted
}

// told is what a client knows of a generation that was accepted.
type told struct {
	generation, tenant string
	end                *message // nil: its end was never heard of
}

// proofTenants have a key each. The first three lie on different nodes of a cluster of three.
var proofTenants = [...]string{"acme", "gamma", "delta", "beta", "omega", "sigma"}

func proofKey(tenant string) string { return "k-" + tenant + "-0123456789" }

// withProofTenants gives each of them a key, besides that of an admin.
func withProofTenants(c *config) *config {
	c.Keys = []map[string]any{{"name": "ops", "tenant": "staff", "key": opsKey, "admin": true}}
	for _, tenant := range proofTenants {
		c.Keys = append(c.Keys, map[string]any{"name": tenant + "-bot", "tenant": tenant, "key": proofKey(tenant)})
	}
	c.Log = map[string]string{"level": "info"}
	return c
}

// newCrowd ends with the test at the latest.
func newCrowd(t *testing.T, each int) *crowd {
	w := &crowd{
		t: t, each: each, over: make(chan struct{}), told: map[string]*told{}, firsts: map[string][]time.Duration{},
		open: map[*caller]int{},
	}
	t.Cleanup(w.disperse)
	return w
}

// join has n further callers speak at the relay at an address, which may change.
func (w *crowd) join(n int, at *atomic.Pointer[string]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range n {
		number := len(w.open)
		c := &caller{
			crowd: w, at: at, name: fmt.Sprint("c", number), tenant: proofTenants[number%len(proofTenants)],
			random: rand.New(rand.NewPCG(uint64(number), 5)),
		}
		w.open[c] = 0
		w.callers.Go(c.run)
	}
}

// disperse lets what runs come to its end, and returns when all callers have gone.
func (w *crowd) disperse() {
	w.mu.Lock()
	if !w.ended {
		w.ended = true
		close(w.over)
	}
	w.mu.Unlock()
	w.callers.Wait()
}

func (w *crowd) stopped() bool {
	select {
	case <-w.over:
		return true
	default:
		return false
	}
}

// enter begins a phase, by which first audio is counted.
func (w *crowd) enter(phase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = phase
}

// running is how many generations are known to run.
func (w *crowd) running() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, open := range w.open {
		n += open
	}
	return n
}

// heardOf is how many generations were accepted so far.
func (w *crowd) heardOf() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.told)
}

// median is that of the first audio in a phase, and of how many.
func (w *crowd) median(phase string) (time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Sorted(slices.Values(w.firsts[phase]))
	if len(all) == 0 {
		return 0, 0
	}
	return all[len(all)/2], len(all)
}

// A caller speaks for one tenant, on a new connection whenever one has broken. Only its own goroutine uses it.
type caller struct {
	// Static after join.
	crowd        *crowd
	at           *atomic.Pointer[string]
	name, tenant string
	random       *rand.Rand

	asked int // generations so far, which number them
	conn  *websocket.Conn
	rules *contract
	asks  map[string]wish // of this connection, without an end
}

// wish is a generation that was asked for.
type wish struct {
	at    time.Time
	phase string
	way   way
}

// way is what a caller does with a generation.
type way int

const (
	whole    way = iota // the text at once
	inPieces            // the rest of the text once it is accepted
	cutShort            // cancelled at the first audio
)

func (c *caller) run() {
	for !c.crowd.stopped() {
		err := c.call()
		var broken breach
		switch {
		case errors.As(err, &broken):
			c.crowd.t.Errorf("%s: %v", c.name, err)
			return
		case err != nil && !c.crowd.kills:
			c.crowd.t.Errorf("%s: the connection ended: %v", c.name, err)
			return
		case err != nil:
			c.rest()
		}
	}
}

// rest is the pause before the next try to connect.
func (c *caller) rest() {
	pause := time.NewTimer(10 * time.Millisecond)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-c.crowd.over:
	}
}

// call is one connection: it returns nil when all that it began has ended.
func (c *caller) call() error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	options := websocket.DialOptions{HTTPHeader: bearer(proofKey(c.tenant))}
	conn, _, err := websocket.Dial(ctx, *c.at.Load()+"/v1/speech?audio=binary", &options)
	if err != nil {
		return err
	}
	conn.SetReadLimit(-1)
	defer func() {
		_ = conn.CloseNow() // only says that it was closed already
		c.crowd.note(func() { c.crowd.open[c] = 0 })
	}()
	c.conn, c.rules, c.asks = conn, newContract(true), map[string]wish{}
	for range c.crowd.each {
		if err := c.ask(); err != nil {
			return err
		}
	}
	for len(c.asks) > 0 {
		if err := c.read(); err != nil {
			return err
		}
	}
	return nil
}

// ask begins a generation.
func (c *caller) ask() error {
	c.asked++
	id := fmt.Sprint(c.name, "-", c.asked)
	a := wish{at: time.Now(), way: []way{whole, whole, whole, inPieces, cutShort}[c.random.IntN(5)]}
	c.crowd.note(func() { a.phase = c.crowd.phase })
	c.asks[id] = a
	return c.send(j{
		"type": "generate", "generation_id": id, "text": sentence(c.random.Uint64(), 2+c.random.IntN(10)), "final": a.way != inPieces,
	})
}

func (c *caller) send(cmd j) error {
	data, err := json.Marshal(cmd)
	if err == nil {
		err = c.rules.sent(data)
	}
	if err != nil {
		return breach{err}
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, data)
}

func (c *caller) read() error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	kind, data, err := c.conn.Read(ctx)
	if err != nil {
		return err
	}
	m, err := c.rules.received(data, kind == websocket.MessageBinary)
	if err != nil {
		return breach{err}
	}
	return c.take(m)
}

// take notes what a message says, and goes on as the generation's way is.
func (c *caller) take(m message) error {
	a := c.asks[m.ID]
	switch {
	case m.kind == "error":
		return breach{fmt.Errorf("refused: %s", m)}
	case m.kind == "accepted":
		c.crowd.note(func() {
			c.crowd.told[m.RecordID] = &told{generation: m.ID, tenant: c.tenant}
			c.crowd.open[c]++
		})
		if a.way == inPieces {
			return c.send(j{"type": "append", "generation_id": m.ID, "text": " lazy dog.", "final": true})
		}
	case m.kind == "audio" && m.Seq == 0:
		return c.first(m, a)
	case m.kind == "done":
		return c.end(m)
	}
	return nil
}

func (c *caller) first(m message, a wish) error {
	if a.way != inPieces {
		c.crowd.note(func() { c.crowd.firsts[a.phase] = append(c.crowd.firsts[a.phase], m.at.Sub(a.at)) })
	}
	if a.way == cutShort {
		return c.send(j{"type": "cancel", "generation_id": m.ID})
	}
	return nil
}

func (c *caller) end(m message) error {
	delete(c.asks, m.ID)
	c.crowd.note(func() {
		c.crowd.told[m.RecordID].end = &m
		c.crowd.open[c]--
	})
	if m.Reason == "failed" || !m.Usage.Recorded {
		return breach{fmt.Errorf("ended badly: %s", m)}
	}
	if c.crowd.stopped() {
		return nil
	}
	return c.ask()
}

// note changes or reads what callers share.
func (w *crowd) note(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// address is where a relay is, for callers.
func address(r *relay) *atomic.Pointer[string] {
	at := &atomic.Pointer[string]{}
	at.Store(&r.url)
	return at
}
