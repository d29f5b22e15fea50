package limits_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
)

// outage is a network to an in-process Redis that can fall silent.
type outage struct {
	mini *miniredis.Miniredis

	mu     sync.Mutex
	silent chan struct{} // closed when the silence ends; nil: there is none
	asked  atomic.Int64  // writes into the silence
}

func (o *outage) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent = make(chan struct{})
}

func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.silent)
	o.silent = nil
}

func (o *outage) silence() chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.silent
}

// silentConn swallows what is written during an outage, so that the answer never comes.
type silentConn struct {
	net.Conn
	outage *outage
}

func (c silentConn) Write(b []byte) (int, error) {
	if c.outage.silence() != nil {
		c.outage.asked.Add(1)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (o *outage) client(t *testing.T) *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true, PoolSize: 1000,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			conn, err := o.mini.Dial()
			return silentConn{conn, o}, err
		},
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// awayRelay is a store over a network that can fall silent, which counts how often Redis came and went.
type awayRelay struct {
	*limits.Redis
	outage     *outage
	client     *redis.Client
	onBack     func() // may be nil
	gone, back atomic.Int64
}

func withOutage(t *testing.T, body func(t *testing.T, r *awayRelay)) {
	synctest.Test(t, func(t *testing.T) {
		mini := miniredis.NewMiniRedis()
		mini.ClockTTL(true)
		t.Cleanup(mini.Close)
		r := &awayRelay{outage: &outage{mini: mini}}
		r.client = r.outage.client(t)
		r.Redis = newRedis(t, limits.RedisConfig{
			OnAway: func(error) { r.gone.Add(1) },
			OnBack: func(time.Duration) {
				r.back.Add(1)
				if r.onBack != nil {
					r.onBack()
				}
			},
		}, r.client)
		body(t, r)
	})
}

// other is another relay's store at the same Redis, which it always reaches.
func (r *awayRelay) other(t *testing.T) *limits.Redis {
	return newRedis(t, limits.RedisConfig{}, miniClient(t, r.outage.mini))
}

// fail lets Redis fall silent, and the store find out.
func (r *awayRelay) fail(t *testing.T) {
	t.Helper()
	r.outage.begin()
	if _, err := r.Admit(t.Context(), asking("finds out", "")); err != nil {
		t.Fatalf("Admit = %v, want this relay to decide alone", err)
	}
	if !r.Away() {
		t.Fatal("a Redis that does not answer is not away")
	}
}

// heal ends the silence, and waits until the store has found out.
func (r *awayRelay) heal(t *testing.T) {
	t.Helper()
	r.outage.end()
	time.Sleep(2 * time.Second)
	if r.Away() {
		t.Fatal("a Redis that answers is still away")
	}
}

// asking is an admission of tenant acme.
func asking(id, key string) limits.Admission {
	return limits.Admission{
		Tenant: "acme", RecordID: "rec-" + id, GenerationID: "gen-" + id, IdempotencyKey: key, Window: time.Hour,
	}
}

func costing(id string) limits.Expense {
	return limits.Expense{Owner: limits.Owner{Tenant: "acme"}, RecordID: "rec-" + id, Budget: limits.Budget{Currency: "EUR", Daily: 10}}
}

func admitted(t *testing.T, s limits.Store, a limits.Admission) limits.Grant {
	t.Helper()
	grant, err := s.Admit(t.Context(), a)
	if err != nil {
		t.Fatalf("Admit(%s) = %v", a.RecordID, err)
	}
	return grant
}

func settled(t *testing.T, g limits.Grant, heard bool) {
	t.Helper()
	if err := g.Settle(t.Context(), limits.Completed, heard); err != nil {
		t.Fatalf("Settle = %v", err)
	}
}

func wantDuplicate(t *testing.T, s limits.Store, key, ofRecord string, state limits.State) {
	t.Helper()
	_, err := s.Admit(t.Context(), asking("dup", key))
	var duplicate *limits.DuplicateError
	if !errors.As(err, &duplicate) || duplicate.First.RecordID != ofRecord || duplicate.First.State != state {
		t.Fatalf("Admit with key %s = %v, want a duplicate of %s, %s", key, err, ofRecord, state)
	}
}

func opened(t *testing.T, b limits.Budgets, id string) limits.Reservation {
	t.Helper()
	p, err := b.Open(t.Context(), costing(id))
	if err != nil {
		t.Fatalf("Open(%s) = %v", id, err)
	}
	return p
}

func reserved(t *testing.T, p limits.Reservation, micros int64) {
	t.Helper()
	if err := p.Reserve(t.Context(), micros); err != nil {
		t.Fatalf("Reserve(%d) = %v", micros, err)
	}
}

// wantLeft says that exactly so much can be reserved today.
func wantLeft(t *testing.T, b limits.Budgets, micros int64) {
	t.Helper()
	p := opened(t, b, "left")
	var spent *limits.BudgetError
	if err := p.Reserve(t.Context(), micros+1); !errors.As(err, &spent) {
		t.Fatalf("Reserve(%d) = %v, want only %d left", micros+1, err, micros)
	}
	reserved(t, p, micros)
	if err := p.Settle(t.Context(), limits.Spent{"EUR": 0}); err != nil {
		t.Fatal(err)
	}
}

func TestAwayCostsThePatienceOnce(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		r.outage.begin()
		start := time.Now()
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				if _, err := r.Admit(t.Context(), asking(string(rune('a'+i)), "")); err != nil {
					t.Errorf("Admit = %v", err)
				}
			})
		}
		group.Wait()
		if took := time.Since(start); took != 50*time.Millisecond {
			t.Errorf("those that found out waited %s, want 50 ms", took)
		}
		start = time.Now()
		for i := range 100 {
			settled(t, admitted(t, r, asking(string(rune('A'+i)), "")), true)
			opened(t, r, string(rune('A'+i)))
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("those behind them waited %s, want nothing", took)
		}
		if got := r.gone.Load(); got != 1 {
			t.Errorf("OnAway was called %d times, want once", got)
		}
		r.heal(t)
		if got := r.back.Load(); got != 1 {
			t.Errorf("OnBack was called %d times, want once", got)
		}
	})
}

func TestClientThatLeavesIsNoOutage(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		grant, err := r.Admit(ctx, asking("1", "k"))
		if err != nil {
			t.Fatalf("Admit = %v, want what was taken to be given back by someone", err)
		}
		if err := grant.Settle(ctx, limits.Cancelled, false); err != nil {
			t.Errorf("Settle = %v", err)
		}
		if r.Away() {
			t.Error("Redis is taken for away")
		}
		admitted(t, r, asking("2", "k"))
	})
}

func TestOneProberAsksWhileAway(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		r.fail(t)
		before := r.outage.asked.Load()
		time.Sleep(10 * time.Second)
		// A probe every 250 ms, each on a connection of its own, whose greeting is lost already.
		if asked := r.outage.asked.Load() - before; asked < 10 || asked > 100 {
			t.Errorf("asked %d times in ten seconds", asked)
		}
		r.heal(t)
	})
}

func TestStrictIsRefusedWhileAway(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		strict := asking("strict", "k")
		strict.Strict = true
		grant := admitted(t, r, strict)
		settled(t, grant, false)
		r.outage.begin()
		for range 2 { // the one that finds out, and the one after it
			if _, err := r.Admit(t.Context(), strict); !errors.Is(err, limits.ErrAway) {
				t.Fatalf("Admit = %v, want ErrAway", err)
			}
		}
		r.heal(t)
		admitted(t, r, strict)
	})
}

func TestAwayDecidesByWhatTheRelayHasSeen(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		other := r.other(t)
		running := asking("running", "k1")
		running.Limits = limits.Tenant{MaxConcurrentGenerations: 3, GenerationsPerMinute: 10}
		admitted(t, r, running)
		settled(t, admitted(t, r, asking("heard", "k2")), true)
		theirs := opened(t, other, "theirs")
		reserved(t, theirs, 3)
		reserved(t, opened(t, r, "mine"), 2)
		reserved(t, theirs, 1)
		opened(t, r, "last heard of the others") // whatever it costs
		r.fail(t)

		wantDuplicate(t, r, "k1", "rec-running", limits.Running)
		wantDuplicate(t, r, "k2", "rec-heard", limits.Completed)
		full := asking("full", "")
		full.Limits.MaxConcurrentGenerations = 2 // "running", and the one that found out
		var many *limits.TooManyError
		if _, err := r.Admit(t.Context(), full); !errors.As(err, &many) {
			t.Errorf("Admit = %v, want the slots taken here to count", err)
		}
		wantLeft(t, r, 10-2-3-1)
		r.heal(t)
	})
}

func TestBackRedisIsToldWhatHappenedMeanwhile(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		before := admitted(t, r, asking("before", "k1"))
		reservation := opened(t, r, "before")
		reserved(t, reservation, 4)
		r.fail(t)
		settled(t, before, true)
		if err := reservation.Settle(t.Context(), limits.Spent{"EUR": 3}); err != nil {
			t.Fatal(err)
		}
		admitted(t, r, asking("meanwhile", "k2"))
		settled(t, admitted(t, r, asking("over", "k3")), true)
		reserved(t, opened(t, r, "meanwhile"), 2)
		time.Sleep(2 * time.Minute) // all leases lapse
		other := r.other(t)
		r.onBack = func() { wantDuplicate(t, other, "k2", "rec-meanwhile", limits.Running) } // before anyone asks it
		r.heal(t)

		wantDuplicate(t, other, "k1", "rec-before", limits.Completed)
		wantDuplicate(t, other, "k2", "rec-meanwhile", limits.Running)
		wantDuplicate(t, other, "k3", "rec-over", limits.Completed)
		wantLeft(t, other, 10-3-2)
		full := asking("full", "")
		full.Limits.MaxConcurrentGenerations = 2 // "meanwhile", and the one that found out
		var many *limits.TooManyError
		if _, err := other.Admit(t.Context(), full); !errors.As(err, &many) {
			t.Errorf("Admit = %v, want what was admitted meanwhile to have a slot", err)
		}
	})
}

func TestWhatIsReservedWhileAwayAddsUp(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		reservation := opened(t, r, "1")
		reserved(t, reservation, 2)
		r.fail(t)
		reserved(t, reservation, 3)
		r.heal(t) // before the first reservation lapses
		wantLeft(t, r.other(t), 5)
	})
}

// Nobody can know of a key that another relay has, which Redis does not tell. Whoever Redis knows keeps it.
func TestKeyTakenTwiceWhileAwayStaysWithWhomRedisKnows(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		other := r.other(t)
		r.fail(t)
		mine := admitted(t, r, asking("mine", "k1"))
		mineToo := admitted(t, r, asking("mine-too", "k2"))
		mineLast := admitted(t, r, asking("mine-last", "k3"))
		mine.Heard()
		theirs := admitted(t, other, asking("theirs", "k1"))
		settled(t, admitted(t, other, asking("theirs-too", "k2")), true)
		theirLast := admitted(t, other, asking("their-last", "k3"))
		r.heal(t)
		wantDuplicate(t, other, "k1", "rec-theirs", limits.Running)
		if dump := r.outage.mini.Dump(); strings.Contains(dump, " running 1 ") {
			t.Errorf("theirs counts as heard, since mine was:\n%s", dump)
		}
		wantDuplicate(t, other, "k2", "rec-theirs-too", limits.Completed)
		settled(t, mine, true)
		if err := mineToo.Settle(t.Context(), limits.Cancelled, true); err != nil {
			t.Fatal(err)
		}
		settled(t, mineLast, false)
		wantDuplicate(t, r, "k1", "rec-theirs", limits.Running)
		wantDuplicate(t, r, "k2", "rec-theirs-too", limits.Completed)
		wantDuplicate(t, r, "k3", "rec-their-last", limits.Running)
		settled(t, theirs, true)
		wantDuplicate(t, r, "k1", "rec-theirs", limits.Completed)
		settled(t, theirLast, false)
		admitted(t, r, asking("free", "k3"))
	})
}

// What Redis forgets is put right by the next renewal, as when it has been emptied or is an older copy of itself.
func TestForgetfulRedisIsToldAgain(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		grant := admitted(t, r, asking("1", "k"))
		reservation := opened(t, r, "1")
		reserved(t, reservation, 4)
		done := opened(t, r, "2")
		if err := done.Settle(t.Context(), limits.Spent{"EUR": 1}); err != nil {
			t.Fatal(err)
		}
		r.outage.mini.FlushAll()
		time.Sleep(31 * time.Second) // a third of the lease
		other := r.other(t)
		wantDuplicate(t, other, "k", "rec-1", limits.Running)
		wantLeft(t, other, 5)
		settled(t, grant, true)
		wantDuplicate(t, other, "k", "rec-1", limits.Completed)
		if err := reservation.Settle(t.Context(), limits.Spent{"EUR": 2}); err != nil {
			t.Fatal(err)
		}
		wantLeft(t, other, 7)
	})
}

func TestClientMustHeedDeadlines(t *testing.T) {
	for name, client := range map[string]redis.UniversalClient{
		"single":  redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}),
		"cluster": redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}}),
	} {
		if _, err := limits.NewRedis(limits.RedisConfig{}, client); err == nil {
			t.Errorf("a %s client that ignores deadlines is taken", name)
		}
		_ = client.Close()
	}
}
