package vendorsocket_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// crowd is streams of one key that begin at once. Each has a context of its own, which leave ends.
type crowd struct {
	members []*member
	errs    []error
	leave   []context.CancelFunc
	wg      sync.WaitGroup
}

// gather begins n streams, one after the other without waiting for any.
func (b *bench) gather(n int) *crowd {
	c := &crowd{members: make([]*member, n), errs: make([]error, n), leave: make([]context.CancelFunc, n)}
	for i := range n {
		b.n++
		m := &member{t: b.t, id: "s" + strconv.Itoa(b.n)}
		ctx, cancel := context.WithCancel(b.t.Context())
		c.members[i], c.leave[i] = m, cancel
		c.wg.Go(func() {
			c.errs[i] = b.pool.Join(ctx, &m.seat, vendorsocket.Want{ID: m.id, Key: "a", Member: m})
		})
		synctest.Wait()
	}
	return c
}

// speak has every stream heard on its socket.
func (c *crowd) speak(t *testing.T) {
	t.Helper()
	c.wg.Wait()
	for i, m := range c.members {
		if c.errs[i] != nil {
			t.Errorf("%s: %v", m.id, c.errs[i])
			continue
		}
		m.send("one")
		m.want("", "one")
	}
}

func TestStreamsThatBeginTogetherShareSockets(t *testing.T) {
	tests := map[string]struct {
		cfg     vendorsocket.PoolConfig
		sockets int
	}{
		"shared":         {vendorsocket.PoolConfig{StreamsPerSocket: 4}, 3},
		"few in all":     {vendorsocket.PoolConfig{StreamsPerSocket: 4, StreamsInAll: 3}, 4},
		"one at a time":  {vendorsocket.PoolConfig{StreamsPerSocket: 1}, 10},
		"single use":     {vendorsocket.PoolConfig{StreamsPerSocket: 4, SingleUse: true}, 10},
		"not proven yet": {vendorsocket.PoolConfig{StreamsPerSocket: 4, SharedOnceProven: true}, 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pooled(t, tt.cfg, func(t *testing.T, b *bench) {
				b.vendor.SetPlan(upstreamtest.Plan{Handshake: 100 * time.Millisecond})
				began := time.Now()
				b.gather(10).speak(t)
				b.sockets(tt.sockets, tt.sockets)
				if took := time.Since(began); took != 100*time.Millisecond {
					t.Errorf("connected after %v, want one handshake", took)
				}
			})
		})
	}
}

// What a vendor answers to one stream's handshake it has answered to those that wait for it.
func TestARefusalIsEverybodysWhoWaits(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 4}, func(t *testing.T, b *bench) {
		b.vendor.SetPlan(upstreamtest.Plan{Handshake: 100 * time.Millisecond})
		b.vendor.Refuse(http.StatusForbidden, nil)
		c := b.gather(4)
		c.wg.Wait()
		for _, err := range c.errs {
			wantKind(t, err, upstream.AuthFailed)
		}
		if got := b.vendor.Handshakes(); got != 1 {
			t.Errorf("%d handshakes, want one", got)
		}
		b.vendor.Refuse(0, nil)
		b.gather(4).speak(t) // no place is lost
	})
}

// A stream whose socket is refused hears so, though another one is being opened by then for those who came later.
func TestARefusalIsNotWaitedOut(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 4}, func(t *testing.T, b *bench) {
		began := time.Now()
		b.vendor.SetPlan(upstreamtest.Plan{Handshake: 400 * time.Millisecond})
		b.vendor.Refuse(http.StatusForbidden, nil)
		first := b.gather(1)
		time.Sleep(50 * time.Millisecond)
		b.vendor.SetPlan(upstreamtest.Plan{Handshake: second})
		b.vendor.Refuse(0, nil)
		later := b.gather(1)
		first.wg.Wait()
		wantKind(t, first.errs[0], upstream.AuthFailed)
		if took := time.Since(began); took != 400*time.Millisecond {
			t.Errorf("refused after %v, want 400 ms", took)
		}
		later.speak(t)
	})
}

// A stream that is cancelled takes no other along: neither the one whose socket it is, nor one that waits for it.
func TestACancelIsNobodyElses(t *testing.T) {
	for _, leaves := range []int{0, 1} {
		pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 4}, func(t *testing.T, b *bench) {
			b.vendor.SetPlan(upstreamtest.Plan{Handshake: 100 * time.Millisecond})
			c := b.gather(4)
			c.leave[leaves]()
			synctest.Wait()
			wantKind(t, c.errs[leaves], upstream.Canceled)
			b.gather(1).speak(t) // its place is free
			c.members = append(c.members[:leaves], c.members[leaves+1:]...)
			c.errs = append(c.errs[:leaves], c.errs[leaves+1:]...)
			c.speak(t)
			b.sockets(1, 1)
		})
	}
}

// A connection that hangs holds up those who wait for it for a moment, the first included.
func TestAConnectionThatHangsHoldsUpNobody(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 4}, func(t *testing.T, b *bench) {
		b.vendor.SetPlan(upstreamtest.Plan{Handshake: time.Hour})
		first := b.gather(1)
		b.vendor.SetPlan(upstreamtest.Plan{})
		time.Sleep(second)
		if got := b.vendor.Handshakes(); got != 1 {
			t.Errorf("%d handshakes for one stream, want one", got)
		}
		began := time.Now()
		b.gather(2).speak(t)
		if took := time.Since(began); took != 250*time.Millisecond {
			t.Errorf("the others connected after %v, want 250 ms", took)
		}
		first.speak(t)
		b.sockets(1, 1)
		if got := b.vendor.Handshakes(); got != 2 {
			t.Errorf("%d handshakes, want a second one for those who came later", got)
		}
	})
}

// A stream that waits no longer says so, and one whose time is over blames the vendor.
func TestAStreamThatIsNotConnectedInTime(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
		b.vendor.SetPlan(upstreamtest.Plan{Handshake: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		err := b.pool.Join(ctx, &vendorsocket.Seat{}, vendorsocket.Want{ID: "x", Key: "a", Member: &member{t: t}})
		wantKind(t, err, upstream.ConnectFailed)
	})
}

// Whoever has waited for longest is seated first, on whichever socket is there first.
func TestStreamsAreSeatedInTheOrderOfTheirComing(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 2}, func(t *testing.T, b *bench) {
		began := time.Now()
		b.vendor.SetPlan(upstreamtest.Plan{Handshake: 200 * time.Millisecond})
		early := b.gather(2)
		b.vendor.SetPlan(upstreamtest.Plan{Handshake: 50 * time.Millisecond})
		late := b.gather(1)
		early.speak(t)
		if took := time.Since(began); took != 50*time.Millisecond {
			t.Errorf("the first two were seated after %v, want 50 ms", took)
		}
		late.speak(t)
		if took := time.Since(began); took != 200*time.Millisecond {
			t.Errorf("the third was seated after %v, want 200 ms", took)
		}
		b.sockets(2, 2)
	})
}

// Streams of a conversation that its vendor ties to a socket are on one, whenever they come, and however full it is.
func TestABoundConversationHasOneSocket(t *testing.T) {
	cfg := vendorsocket.PoolConfig{StreamsPerSocket: 2, AffinityBound: true}
	socketOf := func(t *testing.T, m *member) (number uint64) {
		if err := m.seat.SendOn(t.Context(), func(socket uint64) [][]byte { number = socket; return nil }); err != nil {
			t.Error(err)
		}
		return number
	}
	bound := func(t *testing.T, b *bench, affinity string) *member {
		m, err := b.try("a", affinity)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Run("beyond its room", func(t *testing.T) {
		pooled(t, cfg, func(t *testing.T, b *bench) {
			first := bound(t, b, "talk")
			b.join("a")
			b.join("a")
			b.sockets(2, 2)
			for range 5 {
				if got, want := socketOf(t, bound(t, b, "talk")), socketOf(t, first); got != want {
					t.Errorf("on socket %d, want %d", got, want)
				}
			}
			b.sockets(2, 2)
		})
	})
	t.Run("and no socket is opened in vain", func(t *testing.T) {
		alone := cfg
		alone.StreamsPerSocket = 1
		pooled(t, alone, func(t *testing.T, b *bench) {
			b.vendor.SetPlan(upstreamtest.Plan{Handshake: 100 * time.Millisecond})
			var wg sync.WaitGroup
			for i := range 12 {
				m := &member{t: t, id: strconv.Itoa(i)}
				want := vendorsocket.Want{ID: m.id, Key: "a", Affinity: "talk" + strconv.Itoa(i%2), Member: m}
				wg.Go(func() {
					if err := b.pool.Join(t.Context(), &m.seat, want); err != nil {
						t.Errorf("%s: %v", m.id, err)
					}
				})
			}
			wg.Wait()
			b.sockets(2, 2)
		})
	})
	t.Run("while it is being opened", func(t *testing.T) {
		pooled(t, cfg, func(t *testing.T, b *bench) {
			b.vendor.SetPlan(upstreamtest.Plan{Handshake: second})
			var wg sync.WaitGroup
			var talk [5]*member
			join := func(name, affinity string) *member {
				m := &member{t: t, id: name}
				wg.Go(func() {
					if err := b.pool.Join(t.Context(), &m.seat, vendorsocket.Want{ID: m.id, Key: "a", Affinity: affinity, Member: m}); err != nil {
						t.Errorf("%s: %v", m.id, err)
					}
				})
				return m
			}
			for i := range talk {
				talk[i] = join("talk"+strconv.Itoa(i), "talk")
				join("other"+strconv.Itoa(i), "")
				time.Sleep(100 * time.Millisecond) // so that others are called for
			}
			wg.Wait()
			for _, m := range talk {
				if got, want := socketOf(t, m), socketOf(t, talk[0]); got != want {
					t.Errorf("on socket %d, want %d", got, want)
				}
			}
		})
	})
}
