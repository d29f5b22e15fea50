package vendorsocket_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// rationed is a pool that shares sockets of which each takes so many new streams a minute.
func rationed(perMinute int) vendorsocket.PoolConfig {
	return vendorsocket.PoolConfig{StreamsPerSocket: 8, StreamsPerMinute: perMinute}
}

// chat is a stream of a conversation that says one thing and leaves.
func (b *bench) chat(affinity string) {
	b.t.Helper()
	s, err := b.try("a", affinity)
	if err != nil {
		b.t.Fatal(err)
	}
	s.send("hi")
	s.want("", "hi")
	s.seat.Leave(true)
}

func TestASpentSocketTakesNoStream(t *testing.T) {
	pooled(t, rationed(3), func(_ *testing.T, b *bench) {
		for range 3 {
			b.chat("me") // limit/4 is 0: the third is the last and brings a socket ahead
		}
		b.sockets(2, 2)
		for range 3 {
			b.chat("me")
		}
		b.sockets(3, 3)
		time.Sleep(61 * second)
		for range 6 {
			b.chat("me")
		}
		b.sockets(3, 3)
	})
}

func TestALowSocketIsKeptForItsConversations(t *testing.T) {
	pooled(t, rationed(8), func(_ *testing.T, b *bench) {
		for range 5 {
			b.chat("me")
		}
		b.sockets(1, 1)
		b.chat("you") // two are left
		b.sockets(2, 2)
		b.chat("them")
		b.chat("them")
		b.sockets(2, 2)
		b.chat("me") // on the first, as the others of me and you
		b.chat("you")
		b.sockets(2, 2)
		b.chat("me") // on the second
		b.sockets(2, 2)
	})
}

func TestAStreamThatSaidNothingCostsNothing(t *testing.T) {
	pooled(t, rationed(4), func(t *testing.T, b *bench) {
		for range 20 {
			b.join("a").seat.Leave(true)
		}
		b.sockets(1, 1)
		var waiting []*member
		for range 4 {
			waiting = append(waiting, b.join("a"))
		}
		b.join("a") // each of the four may yet speak
		synctest.Wait()
		if opened, _ := b.vendor.Sockets(); opened < 2 {
			t.Error("a fifth stream was promised one of four beginnings")
		}
		for _, s := range waiting {
			s.send("one", "two", "three")
			s.want("", "one", "two", "three")
		}
	})
}

func TestAReplacedStreamBeginsOnItsNewSocket(t *testing.T) {
	pooled(t, rationed(3), func(_ *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		b.sockets(1, 1)
		s := b.join("a")
		b.vendor.Drop()
		synctest.Wait() // it has a new one, as yet unspoken on
		s.send("hi")
		s.want("", "hi")
		s.seat.Leave(true)
		b.chat("")
		b.chat("") // the third: a socket is opened ahead
		b.sockets(3, 2)
	})
}

// arrivals is a vendor that notes when streams begin on each of its sockets.
type arrivals struct {
	mu  sync.Mutex
	all [][]time.Time
}

func (a *arrivals) script(c *upstreamtest.Conn) {
	a.mu.Lock()
	n := len(a.all)
	a.all = append(a.all, nil)
	a.mu.Unlock()
	for {
		if _, ok := c.Next(); !ok {
			return
		}
		a.mu.Lock()
		a.all[n] = append(a.all[n], time.Now())
		a.mu.Unlock()
	}
}

// TestNoMinuteHasTooMany has streams of a few conversations that come, think, speak and leave at any times.
func TestNoMinuteHasTooMany(t *testing.T) {
	const limit = 10
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			seen := &arrivals{}
			vendor := upstreamtest.NewVendor(seen.script)
			defer vendor.Close()
			cfg := rationed(limit)
			cfg.Socket.HTTP, cfg.Log = vendor.Client(), zerolog.Nop()
			pool := vendorsocket.NewPool(dialect{}, cfg)
			defer pool.Close()
			b := &bench{t: t, vendor: vendor, pool: pool}
			var wg sync.WaitGroup
			for range 300 {
				time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
				s, err := b.try("a", string(rune('a'+random.IntN(4))))
				if err != nil {
					t.Fatal(err)
				}
				think, speak := time.Duration(random.IntN(30))*second, time.Duration(random.IntN(20))*second
				wg.Go(func() {
					time.Sleep(think)
					s.send("hi")
					time.Sleep(speak)
					s.seat.Leave(think%2 == 0)
				})
			}
			wg.Wait()
			synctest.Wait()
			seen.mu.Lock()
			defer seen.mu.Unlock()
			for n, times := range seen.all {
				for i := limit; i < len(times); i++ {
					if apart := times[i].Sub(times[i-limit]); apart < time.Minute {
						t.Errorf("seed %d: socket %d: %d streams began within %v", seed, n, limit+1, apart)
					}
				}
			}
		})
	}
}
