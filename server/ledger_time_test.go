package server

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing/ledger"
	"voicerelay/relay"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// times is how long generations waited for the ledger: for their first audio, and between their last audio and done.
type times struct{ first, last time.Duration }

// proofs has times measured strictly, which takes a machine that does nothing else.
var proofs = flag.Bool("proofs", false, "hold what is measured to its strict bounds")

// The ledger costs no time: under 200 generations done follows the last audio within 20 ms at the median, and first audio is
// no later than without a ledger, but for what lies within a machine's unevenness.
func TestLedgerDelaysNoFrame(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("measures times")
	}
	done, slack, text := 500*time.Millisecond, 500*time.Millisecond, "lazy dog." // on a machine that is busy with other tests
	if *proofs {
		done, slack, text = 20*time.Millisecond, 2*time.Millisecond, relaytest.TwelveWords
	}
	const rounds = 5 // of which one counts
	var with, without times
	for range rounds {
		without, with = speakAtOnce(t, text, nil), speakAtOnce(t, text, realLedger(t))
		t.Logf("medians of 200 generations: first audio after %v with the ledger and %v without, done %v after the last audio and %v without",
			with.first, without.first, with.last, without.last)
		if with.last <= done && with.first <= without.first*5/4+slack {
			return
		}
	}
	t.Errorf("first audio after %v with the ledger and %v without, done %v after the last audio", with.first, without.first, with.last)
}

func realLedger(t *testing.T) relay.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Config{Path: filepath.Join(t.TempDir(), "ledger.db"), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// speakAtOnce has twenty clients speak ten generations each, all at a time.
func speakAtOnce(t *testing.T, text string, l relay.Ledger) times {
	t.Helper()
	const clients, each = 20, 10
	f := relaytest.NewFake()
	f.First, f.Pace = 20*time.Millisecond, 20*time.Millisecond
	parts := fakeParts(t, routing.DefaultPace(), []string{"alpha"}, fakes{"alpha": f})
	parts.Ledger = l
	r := newRigOf(t, Config{}, parts)
	defer r.srv.Drain(context.Background(), 0)
	var mu sync.Mutex
	var firsts, lasts []time.Duration
	var wg sync.WaitGroup
	for range clients {
		c := r.dial("")
		wg.Go(func() {
			defer func() { _ = c.conn.CloseNow() }() // all has been heard
			all, err := c.measure(each, text)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, one := range all {
				firsts, lasts = append(firsts, one.first), append(lasts, one.last)
			}
		})
	}
	wg.Wait()
	if len(firsts) != clients*each {
		t.Fatalf("%d generations came to their end, want %d", len(firsts), clients*each)
	}
	return times{median(firsts), median(lasts)}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// measure has n generations spoken at once, and says how long each waited.
func (c *client) measure(n int, text string) ([]times, error) {
	begun := time.Now()
	for i := range n {
		if err := c.write(generate(fmt.Sprint("g", i), text, "")); err != nil {
			return nil, err
		}
	}
	latest := make(map[any]time.Time) // audio, by generation
	firsts := make(map[any]time.Duration)
	var all []times
	for len(all) < n {
		e, err := c.read()
		if err != nil {
			return nil, err
		}
		now, id := time.Now(), e["generation_id"]
		switch e.kind() {
		case "audio":
			if latest[id].IsZero() {
				firsts[id] = now.Sub(begun)
			}
			latest[id] = now
		case "done":
			if e["reason"] != "completed" {
				return nil, fmt.Errorf("generation ended as %v", e)
			}
			all = append(all, times{firsts[id], now.Sub(latest[id])})
		case "error":
			return nil, fmt.Errorf("refused with %v", e["code"])
		}
	}
	return all, nil
}
