package upstream_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestStreamsShareASocketByKey(t *testing.T) {
	pooled(t, upstream.PoolConfig{StreamsPerSocket: 2}, func(t *testing.T, b *bench) {
		first, second := b.join("a"), b.join("a")
		b.sockets(1, 1)
		other, third := b.join("b"), b.join("a")
		b.sockets(3, 3)
		for _, s := range []*member{first, second, other, third} {
			s.send("one", "two")
		}
		for _, s := range []*member{first, second, other, third} {
			s.want("", "one", "two")
		}
		first.seat.Leave(true)
		b.join("a")
		b.sockets(3, 3)
	})
}

func TestConversationsKeepTheirSocket(t *testing.T) {
	pooled(t, upstream.PoolConfig{StreamsPerSocket: 3}, func(t *testing.T, b *bench) {
		first := []*member{b.join("a"), b.join("a"), b.join("a")}
		talk, err := b.try("a", "talk")
		if err != nil {
			t.Fatal(err)
		}
		neighbor := b.join("a")
		b.sockets(2, 2)
		talk.seat.Leave(true)
		first[0].seat.Leave(true)
		first[1].seat.Leave(true) // now the first has more room
		again, err := b.try("a", "talk")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*member{first[2], neighbor, again} {
			s.send("one")
			s.want("", "one")
		}
		again.send("drop") // takes whoever is on its socket along
		again.want(upstream.Dropped, "one")
		neighbor.want(upstream.Dropped, "one")
		first[2].want("", "one")
	})
}

func TestStreamsAreBounded(t *testing.T) {
	pooled(t, upstream.PoolConfig{StreamsPerSocket: 2, MaxConcurrent: 3, Linger: 5 * second}, func(t *testing.T, b *bench) {
		streams := []*member{b.join("a"), b.join("a"), b.join("b")}
		_, err := b.try("a", "")
		wantKind(t, err, upstream.Throttled)

		streams[0].seat.Leave(true)
		streams[0] = b.join("a")

		streams[0].seat.Leave(false)
		_, err = b.try("a", "")
		wantKind(t, err, upstream.Throttled) // not confirmed yet
		time.Sleep(5*second + 1)
		streams[0] = b.join("a")

		streams[1].seat.Leave(false)
		streams[0].send("x")
		if err := streams[0].seat.Send(t.Context(), []byte(`{"id":"s2","text":"stopped"}`)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.join("a") // confirmed
		b.sockets(2, 2)
	})
}

func TestNoPlaceIsLostToAFailedDial(t *testing.T) {
	pooled(t, upstream.PoolConfig{MaxConcurrent: 1}, func(t *testing.T, b *bench) {
		b.vendor.Refuse(http.StatusForbidden, nil)
		for range 3 {
			_, err := b.try("a", "")
			wantKind(t, err, upstream.AuthFailed)
		}
		b.vendor.Refuse(0, nil)
		b.join("a")
	})
}

func TestSocketsAreOpenedAhead(t *testing.T) {
	pooled(t, upstream.PoolConfig{Warm: 2, StreamsPerSocket: 2}, func(t *testing.T, b *bench) {
		b.pool.Warm(t.Context())
		b.sockets(2, 2)
		s := b.join("a")
		b.sockets(3, 3) // another in its stead
		s.send("one")
		s.want("", "one")
		time.Sleep(5 * second)
		b.vendor.Drop()
		b.sockets(5, 2)
		s.want(upstream.Dropped, "one")
	})
}

func TestOpeningAheadIsRetriedAtLeisure(t *testing.T) {
	pooled(t, upstream.PoolConfig{Warm: 1}, func(t *testing.T, b *bench) {
		b.vendor.Refuse(http.StatusServiceUnavailable, nil)
		b.pool.Warm(t.Context())
		b.sockets(0, 0)
		time.Sleep(10 * time.Minute)
		b.vendor.Refuse(0, nil)
		time.Sleep(31 * second)
		b.sockets(1, 1)
	})
}

// TestSocketsThatEndAtOnceAreRetriedAtLeisure has a vendor that lets everybody in, only to close.
func TestSocketsThatEndAtOnceAreRetriedAtLeisure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) { c.Close(1008) })
		defer vendor.Close()
		socket := upstream.SocketConfig{HTTP: vendor.Client()}
		pool := upstream.NewPool(dialect{}, upstream.PoolConfig{Socket: socket, StreamsPerSocket: 1, Warm: 2, Log: zerolog.Nop()})
		defer pool.Close()
		pool.Warm(t.Context())
		time.Sleep(10 * time.Minute)
		if opened, _ := vendor.Sockets(); opened < 20 || opened > 60 {
			t.Errorf("opened %d sockets in ten minutes, want up to two each half minute", opened)
		}
	})
}

func TestIdleSocketsAreDropped(t *testing.T) {
	pooled(t, upstream.PoolConfig{Warm: 1, Idle: time.Minute}, func(t *testing.T, b *bench) {
		b.pool.Warm(t.Context())
		used := b.join("a")
		b.sockets(2, 2)
		time.Sleep(76 * second)
		b.sockets(3, 2) // the one ahead has been renewed, the one in use stays
		if idle, busy := b.pool.Sockets(); idle != 1 || busy != 1 {
			t.Errorf("got %d idle and %d busy sockets, want one each", idle, busy)
		}
		used.seat.Leave(true)
		time.Sleep(59 * second)
		again := b.join("a")
		again.send("one")
		again.want("", "one")
		again.seat.Leave(true)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if _, open := b.vendor.Sockets(); open != 1 {
			t.Errorf("%d sockets are open, want the one ahead", open)
		}
	})
}

func TestIdleSocketsOfManyKeysAreBounded(t *testing.T) {
	pooled(t, upstream.PoolConfig{Idle: time.Hour}, func(t *testing.T, b *bench) {
		for i := range 100 {
			b.join(fmt.Sprint("key ", i)).seat.Leave(true)
		}
		time.Sleep(16 * time.Minute)
		b.sockets(100, 32)
	})
}

func TestADeadSocketIsReplacedOnce(t *testing.T) {
	pooled(t, upstream.PoolConfig{}, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		s := b.join("a") // on a socket that was open before
		s.send("drop")   // the vendor drops each socket that gets this
		s.want(upstream.Dropped)
		b.sockets(2, 0)
	})
	pooled(t, upstream.PoolConfig{}, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		s := b.join("a")
		s.send("hush")
		synctest.Wait()
		b.vendor.Drop()
		s.send("one")
		s.want("", "one") // on the new one, where "hush" came first
		b.sockets(2, 1)
		b.vendor.Drop()
		s.want(upstream.Dropped, "one")
	})
}

// Frames that bear the socket's number are made again for the socket that they reach in the end.
func TestFramesAreMadeForTheirSocket(t *testing.T) {
	pooled(t, upstream.PoolConfig{}, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		s := b.join("a")
		send := func(text string) {
			err := s.seat.SendOn(t.Context(), func(socket uint64) [][]byte {
				return [][]byte{fmt.Appendf(nil, `{"id":%q,"text":"%s on %d"}`, s.id, text, socket)}
			})
			if err != nil {
				t.Errorf("SendOn: %v", err)
			}
		}
		s.send("hush")
		synctest.Wait()
		b.vendor.Drop()
		send("one")
		send("two")
		s.want("", "one on 2", "two on 2")
		send("three")
		s.want("", "one on 2", "two on 2", "three on 2")
	})
}

func TestWhatIsNotReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		reused bool
		texts  []string
		kind   upstream.Kind
		heard  []string
	}{
		"a socket of its own":     {false, []string{"drop"}, upstream.Dropped, nil},
		"one that has answered":   {true, []string{"one", "drop"}, upstream.Dropped, []string{"one"}},
		"one closed for a reason": {true, []string{"close"}, upstream.AuthFailed, nil},
		"one that talks nonsense": {true, []string{"garble"}, upstream.Garbled, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pooled(t, upstream.PoolConfig{}, func(t *testing.T, b *bench) {
				if c.reused {
					b.join("a").seat.Leave(true)
				}
				s := b.join("a")
				s.send(c.texts...)
				s.want(c.kind, c.heard...)
				b.sockets(1, 0)
			})
		})
	}
}

func TestAReplacementThatFailsIsTold(t *testing.T) {
	pooled(t, upstream.PoolConfig{MaxConcurrent: 1}, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		s := b.join("a")
		b.sockets(1, 1)
		b.vendor.Refuse(http.StatusTooManyRequests, nil)
		b.vendor.Drop()
		s.want(upstream.Throttled)
		b.vendor.Refuse(0, nil)
		b.join("a") // its place is free
	})
}

func TestStoppingWhatNoSocketBears(t *testing.T) {
	pooled(t, upstream.PoolConfig{}, func(t *testing.T, b *bench) {
		s := b.join("a")
		if told, err := s.seat.Stop(t.Context(), []byte(`{"id":"s1","text":"stop"}`)); !told || err != nil {
			t.Errorf("got %v, %v, want the vendor told", told, err)
		}
		s.want("", "stop")
		b.vendor.Drop()
		synctest.Wait()
		if told, _ := s.seat.Stop(t.Context()); told {
			t.Error("told though the socket has ended")
		}
	})
}

func TestADeadVendorIsFoundOut(t *testing.T) {
	for name, c := range map[string]struct {
		plan   func(*bench)
		texts  []string
		within time.Duration
	}{
		"by its pings":                   {func(b *bench) { b.plan(true, false) }, nil, 26 * second},
		"by its silence when written to": {func(b *bench) { b.plan(false, true) }, []string{"one"}, 6 * second},
	} {
		t.Run(name, func(t *testing.T) {
			pooled(t, upstream.PoolConfig{}, func(t *testing.T, b *bench) {
				c.plan(b)
				s := b.join("a")
				s.send(c.texts...)
				time.Sleep(c.within)
				s.want(upstream.Dropped)
			})
		})
	}
}

func TestALivingVendorIsLeftAlone(t *testing.T) {
	pooled(t, upstream.PoolConfig{}, func(t *testing.T, b *bench) {
		s := b.join("a")
		time.Sleep(time.Hour)
		s.send("one")
		s.want("", "one")
		b.sockets(1, 1)
	})
}

func TestKeepAlivesAreForStreamsThatAreThere(t *testing.T) {
	pooled(t, upstream.PoolConfig{StreamsPerSocket: 2, Socket: upstream.SocketConfig{KeepAlive: 10 * second}}, func(t *testing.T, b *bench) {
		stays, leaves := b.join("a"), b.join("a")
		time.Sleep(25 * second)
		leaves.seat.Leave(false)
		time.Sleep(10 * second)
		stays.want("", "alive", "alive", "alive")
		leaves.want("", "alive", "alive")
	})
}

func TestJoinGivesUpWithItsContext(t *testing.T) {
	pooled(t, upstream.PoolConfig{MaxConcurrent: 1}, func(t *testing.T, b *bench) {
		cause := fmt.Errorf("the caller left")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		err := b.pool.Join(ctx, &upstream.Seat{}, upstream.Want{ID: "x", Key: "a", Member: &member{t: t}})
		wantKind(t, err, upstream.Canceled)
		b.join("a")
	})
}

func TestAClosedPool(t *testing.T) {
	pooled(t, upstream.PoolConfig{Warm: 2}, func(t *testing.T, b *bench) {
		b.pool.Warm(t.Context())
		s := b.join("a")
		b.sockets(3, 3)
		b.pool.Close()
		s.want(upstream.ConnectFailed)
		b.sockets(3, 0)
		_, err := b.try("a", "")
		wantKind(t, err, upstream.ConnectFailed)
		b.pool.Warm(t.Context())
		b.pool.Close()
	})
}

// TestACancelInOrderFreesItsSocket has a vendor that needs no time on the socket, though it does in all.
func TestACancelInOrderFreesItsSocket(t *testing.T) {
	cfg := upstream.PoolConfig{StreamsPerSocket: 1, MaxConcurrent: 2, Linger: 5 * second, InOrder: true}
	pooled(t, cfg, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(false)
		again := b.join("a")
		b.sockets(1, 1)
		_, err := b.try("a", "")
		wantKind(t, err, upstream.Throttled)
		time.Sleep(5*second + 1)
		other := b.join("a")
		b.sockets(2, 2) // the place is that of the one who came again
		again.send("one")
		again.want("", "one")

		again.seat.Leave(false)
		other.seat.Leave(true)
		var number uint64
		last := b.join("a")
		err = last.seat.SendOn(t.Context(), func(socket uint64) [][]byte { number = socket; return nil })
		if err != nil || number != 2 {
			t.Errorf("joined socket %d: %v; want the second, of which nothing is to be feared", number, err)
		}
	})
}

// TestPlacesAddUp joins, leaves, drops and waits at random: no more streams count than there may be, no socket has
// more than its share, and in the end every place is free again.
func TestPlacesAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 60).Draw(rt, "steps")
		pooled(t, upstream.PoolConfig{StreamsPerSocket: 3, MaxConcurrent: 7, Warm: 1, Linger: second}, func(t *testing.T, b *bench) {
			b.pool.Warm(t.Context())
			var live []*member
			for i, step := range steps {
				switch {
				case step <= 2:
					s, err := b.try(fmt.Sprint("key", step), "")
					if err == nil {
						live = append(live, s)
					} else if upstream.KindOf(err) != upstream.Throttled {
						t.Errorf("step %d: %v", i, err)
					}
				case step == 6:
					b.vendor.Drop()
					live = slices.DeleteFunc(live, func(s *member) bool { s.seat.Leave(true); return true })
				case len(live) > 0:
					live[0].send("one")
					live[0].seat.Leave(step == 3)
					live = live[1:]
				}
				if len(live) > 7 {
					t.Fatalf("step %d: %d streams, want 7 at most", i, len(live))
				}
				synctest.Wait()
			}
			for _, s := range live {
				s.seat.Leave(true)
			}
			time.Sleep(second + 1)
			for range 7 {
				b.join("last")
			}
			_, err := b.try("last", "")
			wantKind(t, err, upstream.Throttled)
		})
	})
}

func TestJoiningAtOnce(t *testing.T) {
	pooled(t, upstream.PoolConfig{StreamsPerSocket: 6, MaxConcurrent: 40}, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		for i := range 50 {
			wg.Go(func() {
				s := &member{t: t, id: fmt.Sprint("at once ", i)}
				err := b.pool.Join(t.Context(), &s.seat, upstream.Want{ID: s.id, Key: "a", Member: s})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					wantKind(t, err, upstream.Throttled)
					refused++
					return
				}
			})
		}
		wg.Wait()
		if refused != 10 {
			t.Errorf("%d were refused, want 10", refused)
		}
	})
}
