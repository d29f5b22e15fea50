package tests

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// A day in small: two relays behind nginx that share a Redis, five vendors that fail by turns, and a hundred agents with
// the clients of this project. Relays are restarted, one's disk fills up, a tenant runs out of money, and a vendor closes
// idle sockets. TestADay holds what an operator would want of it.

const (
	dayAgents = 100 // half of them in Go, half in Python
	dayMute   = 2 * time.Second
	// dayWakes is how often somebody must get a core before a voice that goes on is heard: the relay, for its timer, the vendor,
	// the relay, nginx and the agent. Each may find the machine as busy as it was at its worst.
	dayWakes = 5
	dayPoor  = "0.02" // EUR: a few utterances
	// dayPoorMost is that and the price of two more.
	dayPoorMost = "0.04"
	dayRetry    = 200 * time.Millisecond // an agent's pause after what failed or was interrupted
)

// dayTexts are spoken by turns; the second half of each comes after a pause where the text is open.
var dayTexts = [][2]string{
	{"The quick brown fox jumps over a lazy dog.", " Near our house seven bright yellow lanterns hang."},
	{"Please remember that silver trains leave early.", " From northern harbor platforms today."},
	{"Every winter night the quiet river hang above stones.", " Seven silver trains leave our house."},
}

// dayVendors are in the order of the route. All but the last tell word times.
var dayVendors = []string{"kugelaudio", "elevenlabs", "cartesia", "together", "deepgram"}

// A day is all that runs in it.
type day struct {
	t       *testing.T
	front   string
	vendors map[string]*vendor
	relays  [2]*relay
	launch  func(i int) *relay
	machine *process.Lateness

	over   chan struct{} // closed when no more turns are to begin
	agents sync.WaitGroup

	mu    sync.Mutex // guards what follows
	turns []dayTurn
}

// TestADay does not run in parallel with the others: how long a caller waits is measured.
func TestADay(t *testing.T) {
	d := newDay(t)
	d.machine = process.WatchMachine(t)
	python := d.startPython(dayAgents / 2)
	for i := range dayAgents / 2 {
		d.agents.Go(func() { d.agent(i) })
	}
	d.awaitTurns(dayAgents)
	for _, fault := range []string{"drop:600ms", "stall:500ms", "error:INTERNAL_ERROR:400ms", "late:3s"} {
		d.failAll(fault, 1500*time.Millisecond)
	}
	for i := range d.relays {
		d.relays[i].Terminate()
		d.relays[i].Exit()
		d.relays[i] = d.launch(i)
		d.awaitTurns(dayAgents / 2)
	}
	d.fillDisk(d.relays[0], 3*time.Second)
	d.awaitTurns(dayAgents / 2)
	close(d.over)
	d.agents.Wait()
	d.turns = append(d.turns, python.stop()...)

	d.checkCalls()
	d.checkMoney()
}

func newDay(t *testing.T) *day {
	t.Helper()
	d := &day{t: t, vendors: map[string]*vendor{}, over: make(chan struct{})}
	for _, adapter := range dayVendors {
		d.vendors[adapter] = emulateBy(t, adapter, emulator.Options{Pace: 2, FirstAudio: 100 * time.Millisecond, Seed: 1})
	}
	redis := startRedis(t)
	cfg := speaksBy(dayVendors, d.vendors)
	cfg.amend("default", func(r *route) { r.FirstAudioTimeout, r.StallTimeout, r.HedgeAfter = "1500ms", "1s", "700ms" })
	cfg.Tenants = map[string]any{"poor": map[string]any{"budget": map[string]any{"daily": dayPoor, "currency": "EUR"}}}
	for _, tenant := range []string{"acme", "poor"} {
		cfg.Keys = append(cfg.Keys, map[string]any{"name": tenant + "-bot", "tenant": tenant, "key": proofKey(tenant)})
	}
	for _, adapter := range dayVendors {
		cfg.Prices = append(cfg.Prices, map[string]any{
			"provider": adapter, "model": "*", "unit": rates[adapter].unit, "amount": rates[adapter].amount, "currency": "EUR",
		})
	}
	cfg.Redis = map[string]string{"url": "redis://" + redis.Addr}
	cfg.ShutdownGrace = "10s"
	addresses, dirs := []string{process.FreeAddress(t), process.FreeAddress(t)}, []string{t.TempDir(), t.TempDir()}
	d.launch = func(i int) *relay {
		own := *cfg
		own.Listen = addresses[i]
		return serveIn(t, dirs[i], &own)
	}
	d.relays = [2]*relay{d.launch(0), d.launch(1)}
	d.front = process.FreeAddress(t)
	startNginx(t, d.front, addresses)
	return d
}

// failAll has the vendors fail in one way, one after the other, and the first one close its idle sockets meanwhile.
func (d *day) failAll(fault string, each time.Duration) {
	d.t.Helper()
	f, err := emulator.ParseFault(fault)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, adapter := range dayVendors[:2] {
		d.vendors[adapter].SetFault(f)
		d.during(each, func() { d.vendors["kugelaudio"].HangUp(1000) })
		d.vendors[adapter].SetFault(emulator.Fault{})
	}
}

// during calls something every now and then for a while.
func (d *day) during(while time.Duration, call func()) {
	end := time.After(while)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
			call()
		}
	}
}

// awaitTurns waits until n more turns of agents in Go have ended.
func (d *day) awaitTurns(n int) {
	d.t.Helper()
	d.mu.Lock()
	want := len(d.turns) + n/2
	d.mu.Unlock()
	eventually(d.t, fmt.Sprint(n/2, " more turns"), func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.turns) >= want
	})
}
