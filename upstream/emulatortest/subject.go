package emulatortest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/upstreamtest"
)

// Subject is an adapter under test.
type Subject struct {
	// Vendor is whose adapter it is.
	Vendor string
	// Open makes the adapter; its options may differ by the seed.
	Open func(seed uint64, env upstream.Env) (upstream.Provider, error)
	// Request is one that the adapter serves.
	Request upstream.Request
	// Key is the account's, Accepts the one that the vendor takes.
	Key     upstream.Secret
	Accepts string
	// Bubble runs each test on fake time, with a wire in memory.
	Bubble bool
}

// WithKey is the subject with another key, which the vendor may not take.
func (s Subject) WithKey(key upstream.Secret) Subject {
	s.Key = key
	return s
}

// EachSeed runs a test for as many seeds as upstreamtest has.
func (s Subject) EachSeed(t *testing.T, o emulator.Options, test func(*Rig)) {
	t.Helper()
	s.FirstSeeds(t, upstreamtest.Seeds, o, test)
}

// FirstSeeds runs a test for the first few seeds.
func (s Subject) FirstSeeds(t *testing.T, seeds uint64, o emulator.Options, test func(*Rig)) {
	t.Helper()
	for seed := range seeds {
		o.Seed = seed
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { s.Run(t, o, test) })
	}
}

// Run runs a test for one seed.
func (s Subject) Run(t *testing.T, o emulator.Options, test func(*Rig)) {
	t.Helper()
	if s.Bubble {
		synctest.Test(t, func(t *testing.T) { test(s.rig(t, o)) })
		return
	}
	test(s.rig(t, o))
}

// Rig is an adapter before its vendor.
type Rig struct {
	testing.TB
	upstream.Provider
	Server  *emulator.Server
	Request upstream.Request
	Options emulator.Options // the vendor's

	secrets []string
}

func (s Subject) rig(t *testing.T, o emulator.Options) *Rig {
	t.Helper()
	o.APIKey = s.Accepts
	server, err := emulator.New(s.Vendor, o)
	if err != nil {
		t.Fatal(err)
	}
	url, client, stop := s.serve(t, server)
	p, err := s.Open(o.Seed, upstream.Env{
		Name: s.Vendor, URL: url, APIKey: s.Key, HTTP: client, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Close() // never fails
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		stop()
		if t.Failed() {
			t.Logf("seed %d: %s", o.Seed, server.Quirks())
		}
	})
	r := &Rig{TB: t, Provider: p, Server: server, Request: s.Request, Options: o, secrets: []string{s.Accepts}}
	if key := s.Key.Reveal(); key != "" {
		r.secrets = append(r.secrets, key)
	}
	return r
}

// serve starts the vendor, in memory where the test is in a bubble: real sockets can't be waited for there.
func (s Subject) serve(t *testing.T, server *emulator.Server) (url string, client *http.Client, stop func()) {
	t.Helper()
	if s.Bubble {
		client, stop = upstreamtest.Serve(server)
		_, host, _ := strings.Cut(upstreamtest.URL, "://")
		return server.URL(host), client, stop
	}
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return url, nil, func() {}
}

// patience is how long the vendor may take for what is waited for.
const patience = 5 * time.Second

// Await waits until the vendor has come to what is wanted of it.
func (r *Rig) Await(wanted string, condition func(emulator.Stats) bool) {
	r.Helper()
	if !r.Server.WaitFor(condition, patience) {
		r.Errorf("waited in vain: %s\n%+v", wanted, r.Server.Stats())
	}
}

// AwaitAudio waits until the vendor has audio of its first stream.
func (r *Rig) AwaitAudio() {
	r.Helper()
	r.Await("audio", func(st emulator.Stats) bool { return len(st.Streams) > 0 && st.Streams[0].Audio > 0 })
}

// AwaitIdle waits until the vendor has no stream open.
func (r *Rig) AwaitIdle() {
	r.Helper()
	r.Await("no stream is open", func(st emulator.Stats) bool { return st.OpenContexts == 0 })
}

// AwaitCancels waits until the vendor has been told so many times to stop.
func (r *Rig) AwaitCancels(n int) {
	r.Helper()
	r.Await(fmt.Sprint(n, " orders to stop"), func(st emulator.Stats) bool { return len(st.Cancels) == n })
}
