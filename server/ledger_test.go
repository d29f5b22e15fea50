package server

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// fakeLedger keeps records in memory.
type fakeLedger struct {
	takes   time.Duration // to write an entry
	refuse  error         // of entries
	failing error         // of closes

	mu       sync.Mutex
	entries  []billing.Record
	progress []billing.Progress
	closed   []billing.Record
}

func (l *fakeLedger) Enter(r billing.Record) func(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, r)
	return func(context.Context) error {
		time.Sleep(l.takes) // on the bubble's clock
		return l.refuse
	}
}

func (l *fakeLedger) Progress(p billing.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = append(l.progress, p)
}

func (l *fakeLedger) Close(_ context.Context, r billing.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = append(l.closed, r)
	return l.failing
}

// A generation's record says how it went. It is written while the generation works, and done says that it is safe.
func TestGenerationIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &fakeLedger{takes: 40 * time.Millisecond}
		refusing := relaytest.NewFake()
		refusing.Refuse = &upstream.Error{Kind: upstream.ConnectFailed, Message: "refused"}
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": refusing, "beta": relaytest.NewFake()})
		r.ledger.Ledger = ledger
		c := r.dial("")
		began := time.Now()
		c.send(generate("g1", relaytest.TwelveWords, `,"metadata":{"call":"7"}`))
		accepted, _ := c.until("accepted")
		if took := time.Since(began); took != ledger.takes {
			t.Errorf("accepted after %v, want when the entry is safe, after %v", took, ledger.takes)
		}
		if e := c.next(); e.kind() != "started" || time.Since(began) != ledger.takes {
			t.Errorf("then came %v after %v, want the audio that was ready", e, time.Since(began))
		}
		done, _ := c.until("done")
		if usage := done["usage"].(map[string]any); usage["recorded"] != true {
			t.Errorf("recorded: got %v", usage["recorded"])
		}
		if len(ledger.closed) != 1 || len(ledger.entries) != 1 {
			t.Fatalf("%d entries, %d closed, want one each", len(ledger.entries), len(ledger.closed))
		}
		got := ledger.closed[0]
		if got.ID != accepted["record_id"] || got.GenerationID != "g1" || got.Metadata["call"] != "7" || got.Outcome != billing.Completed ||
			got.Characters != int64(len(relaytest.TwelveWords)) || got.Audio == 0 || got.EndedAt.Before(got.AdmittedAt) {
			t.Errorf("the record is %+v", got)
		}
		if n := len(got.Attempts); n != 2 || got.Attempts[0].Code != "connect_failed" || got.Attempts[1].Cost.Money.Micros != 1800 {
			t.Errorf("its attempts are %+v", got.Attempts)
		}
		if len(ledger.progress) == 0 || ledger.progress[0].Number != 1 || ledger.progress[0].Attempt.Usage.Characters == 0 {
			t.Errorf("progress told: %+v", ledger.progress)
		}
	})
}

// Where the entry can't be written the generation is refused, its vendor is stopped, and its id may be used again.
func TestGenerationWithoutAnEntryIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := relaytest.NewFake()
		vendor.Pace = time.Second
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": vendor})
		ledger := &fakeLedger{takes: 20 * time.Millisecond, refuse: errors.New("disk full")}
		r.ledger.Ledger = ledger
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		refused, before := c.until("error")
		if refused["code"] != "ledger_unavailable" || refused["generation_id"] != "g1" || refused["command"] != "generate" || refused["retryable"] != true {
			t.Errorf("got %v", refused)
		}
		if kinds := kindsOf(before); kinds != "ready" {
			t.Errorf("before it came %s", kinds)
		}
		if got := vendor.StreamsOpen(); got != 0 {
			t.Errorf("%d streams are left open", got)
		}
		ledger.mu.Lock()
		ledger.refuse = nil
		ledger.mu.Unlock()
		c.send(generate("g1", "Hi.", ""))
		c.until("accepted")
	})
}

func TestDoneSaysThatTheRecordIsUnsafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		r.ledger.Ledger = &fakeLedger{failing: errors.New("disk full")}
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		done, _ := c.until("done")
		if usage := done["usage"].(map[string]any); usage["recorded"] != false || done["reason"] != "completed" {
			t.Errorf("got %v, recorded %v", done["reason"], usage["recorded"])
		}
	})
}

// A tenant with a budget is not routed to a target without a known price.
func TestUnpricedTargetsAreNotForBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		r.budgets.Budgets = limits.NewMemoryBudgets(nil)
		r.setup().local.Budget = limits.Budget{Currency: "EUR", Daily: 1_000_000}
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		want := map[string]any{"provider": "alpha", "why": "unpriced"}
		if refused, _ := c.until("error"); refused["code"] != "not_allowed" || refused["retryable"] != false ||
			!strings.Contains(refused["message"].(string), "budget is in EUR") || !reflect.DeepEqual(refused["passed_over"], []any{want}) {
			t.Errorf("got %v, want a refusal for good that says that alpha is unpriced", refused)
		}
		r.setup().local.AllowUnpriced = true
		c.send(generate("g2", relaytest.TwelveWords, ""))
		c.until("done")
	})
}
