package vendorsocket_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

func TestStreamsShareASocketByKey(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 2}, func(t *testing.T, b *bench) {
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
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 3}, func(t *testing.T, b *bench) {
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
		again.send("drop") // takes the streams on its socket along
		again.want(upstream.Dropped, "one")
		neighbor.want(upstream.Dropped, "one")
		first[2].want("", "one")
	})
}

// A stream is gone with the vendor's word, with its socket, or when the vendor has had the time that it may need.
func TestAStreamThatLeftIsGoneInTheEnd(t *testing.T) {
	tests := map[string]struct {
		linger    time.Duration
		confirmed bool
		then      func(b *bench, other *member)
		after     time.Duration
	}{
		"the vendor has confirmed": {5 * second, true, func(*bench, *member) {}, 0},
		"the vendor confirms": {5 * second, false, func(_ *bench, other *member) {
			_ = other.seat.Send(context.Background(), []byte(`{"id":"s1","text":"stopped"}`)) // there is room
		}, 0},
		"the socket ends":                {5 * second, false, func(b *bench, _ *member) { b.vendor.Drop() }, 0},
		"the vendor says nothing":        {2 * second, false, func(*bench, *member) {}, 2 * second},
		"it would count for much longer": {30 * second, false, func(*bench, *member) {}, 3 * second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 2, Linger: test.linger}, func(t *testing.T, b *bench) {
				first, other := b.join("a"), b.join("a")
				first.send("one")
				synctest.Wait()
				left, gone := time.Now(), make(chan time.Time, 2)
				first.seat.Leave(test.confirmed)
				first.seat.WhenGone(func() { gone <- time.Now() })
				test.then(b, other)
				if got := (<-gone).Sub(left); got != test.after {
					t.Errorf("gone after %v, want %v", got, test.after)
				}
				time.Sleep(time.Minute)
				if len(gone) != 0 {
					t.Error("it went twice")
				}
			})
		})
	}
}

func TestSocketsAreOpenedAhead(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{Warm: 2, StreamsPerSocket: 2}, func(t *testing.T, b *bench) {
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
	pooled(t, vendorsocket.PoolConfig{Warm: 1}, func(t *testing.T, b *bench) {
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
		socket := vendorsocket.SocketConfig{HTTP: vendor.Client()}
		pool := vendorsocket.NewPool(dialect{}, vendorsocket.PoolConfig{Socket: socket, StreamsPerSocket: 1, Warm: 2, Log: zerolog.Nop()})
		defer pool.Close()
		pool.Warm(t.Context())
		time.Sleep(10 * time.Minute)
		if opened, _ := vendor.Sockets(); opened < 20 || opened > 60 {
			t.Errorf("opened %d sockets in ten minutes, want up to two each half minute", opened)
		}
	})
}

func TestIdleSocketsAreDropped(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{Warm: 1, Idle: time.Minute}, func(t *testing.T, b *bench) {
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
	pooled(t, vendorsocket.PoolConfig{Idle: time.Hour}, func(t *testing.T, b *bench) {
		for i := range 100 {
			b.join(fmt.Sprint("key ", i)).seat.Leave(true)
		}
		time.Sleep(16 * time.Minute)
		b.sockets(100, 32)
	})
}

func TestADeadSocketIsReplacedOnce(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		s := b.join("a") // on a socket that was open before
		s.send("drop")   // the vendor drops each socket that gets this
		s.want(upstream.Dropped)
		b.sockets(2, 0)
	})
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
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

// Frames with the socket's number are made again for the socket that they reach in the end.
func TestFramesAreMadeForTheirSocket(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
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
			pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
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
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		s := b.join("a")
		b.sockets(1, 1)
		b.vendor.Refuse(http.StatusTooManyRequests, nil)
		b.vendor.Drop()
		s.want(upstream.Throttled)
	})
}

func TestStoppingWhatNoSocketBears(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
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
			pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
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
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
		s := b.join("a")
		time.Sleep(time.Hour)
		s.send("one")
		s.want("", "one")
		b.sockets(1, 1)
	})
}

func TestKeepAlivesAreForStreamsThatAreThere(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 2, Socket: vendorsocket.SocketConfig{KeepAlive: 10 * second}}, func(t *testing.T, b *bench) {
		stays, leaves := b.join("a"), b.join("a")
		time.Sleep(25 * second)
		leaves.seat.Leave(false)
		time.Sleep(10 * second)
		stays.want("", "alive", "alive", "alive")
		leaves.want("", "alive", "alive")
	})
}

func TestJoinGivesUpWithItsContext(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{}, func(t *testing.T, b *bench) {
		cause := fmt.Errorf("the caller left")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		err := b.pool.Join(ctx, &vendorsocket.Seat{}, vendorsocket.Want{ID: "x", Key: "a", Member: &member{t: t}})
		wantKind(t, err, upstream.Canceled)
	})
}

func TestAClosedPool(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{Warm: 2}, func(t *testing.T, b *bench) {
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

// TestACancelInOrderFreesItsSocket has a vendor that has stopped a stream before it looks at the next one on the socket.
func TestACancelInOrderFreesItsSocket(t *testing.T) {
	cfg := vendorsocket.PoolConfig{StreamsPerSocket: 1, Linger: 5 * second, InOrder: true}
	pooled(t, cfg, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(false)
		again := b.join("a")
		b.sockets(1, 1)
		other := b.join("a")
		b.sockets(2, 2)
		again.send("one")
		again.want("", "one")

		again.seat.Leave(false)
		other.seat.Leave(true)
		var number uint64
		last := b.join("a")
		err := last.seat.SendOn(t.Context(), func(socket uint64) [][]byte { number = socket; return nil })
		if err != nil || number != 2 {
			t.Errorf("joined socket %d: %v; want the second, of which nothing is to be feared", number, err)
		}
	})
}

// TestPlacesAddUp joins, leaves, drops and waits at random: no socket has more streams than its share, and in the end
// every stream is gone and every socket has room again.
func TestPlacesAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 60).Draw(rt, "steps")
		pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 3, Warm: 1, Linger: second}, func(t *testing.T, b *bench) {
			b.pool.Warm(t.Context())
			var live []*member
			joined, gone := 0, new(atomic.Int64)
			leave := func(s *member, confirmed bool) {
				s.seat.Leave(confirmed)
				s.seat.WhenGone(func() { gone.Add(1) })
			}
			for i, step := range steps {
				switch {
				case step <= 2:
					s, err := b.try(fmt.Sprint("key", step), "")
					if err != nil {
						t.Fatalf("step %d: %v", i, err)
					}
					live = append(live, s)
					joined++
				case step == 6:
					b.vendor.Drop()
					live = slices.DeleteFunc(live, func(s *member) bool { leave(s, true); return true })
				case len(live) > 0:
					live[0].send("one")
					leave(live[0], step == 3)
					live = live[1:]
				}
				synctest.Wait()
			}
			for _, s := range live {
				leave(s, true)
			}
			time.Sleep(second + 1)
			if got := gone.Load(); got != int64(joined) {
				t.Errorf("%d streams are gone of %d", got, joined)
			}
			if _, busy := b.pool.Sockets(); busy != 0 {
				t.Errorf("%d sockets are still busy", busy)
			}
			opened, _ := b.vendor.Sockets()
			for range 6 {
				b.join("last")
			}
			if more, _ := b.vendor.Sockets(); more > opened+3 { // two, and another one ahead
				t.Errorf("six streams took %d sockets more", more-opened)
			}
		})
	})
}

func TestJoiningAtOnce(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 6}, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				s := &member{t: t, id: fmt.Sprint("at once ", i)}
				if err := b.pool.Join(t.Context(), &s.seat, vendorsocket.Want{ID: s.id, Key: "a", Member: s}); err != nil {
					t.Errorf("%s: %v", s.id, err)
				}
			})
		}
		wg.Wait()
		b.sockets(9, 9)
	})
}
