package vendorsocket_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// single is a pool whose sockets carry one stream each.
func single(warm int) vendorsocket.PoolConfig {
	return vendorsocket.PoolConfig{SingleUse: true, AddressByKey: true, Warm: warm}
}

func TestASocketForOneStreamIsClosedWithIt(t *testing.T) {
	pooled(t, single(0), func(t *testing.T, b *bench) {
		first, second := b.join("a"), b.join("a")
		b.sockets(2, 2)
		first.send("one")
		first.want("", "one")
		first.seat.Leave(true)
		b.sockets(2, 1)
		second.seat.Leave(false)
		b.sockets(2, 0)
		third := b.join("a")
		b.sockets(3, 1)
		third.seat.Leave(true)
		third.seat.Leave(true)
		b.sockets(3, 0)
	})
}

func TestAStreamIsGoneWithItsSocket(t *testing.T) {
	pooled(t, single(0), func(t *testing.T, b *bench) {
		s := b.join("a")
		s.seat.Leave(false)
		gone := false
		s.seat.WhenGone(func() { gone = true })
		if !gone {
			t.Error("its socket is closed, and it is not gone")
		}
	})
}

func TestSocketsAreOpenedAheadForTheLatestKey(t *testing.T) {
	pooled(t, single(1), func(t *testing.T, b *bench) {
		b.pool.Warm(t.Context())
		b.sockets(0, 0) // for whom?
		b.join("a")
		b.sockets(2, 2)
		b.join("b")
		b.sockets(4, 4) // the one ahead was for a
		b.join("b")
		b.sockets(5, 5)
		b.join("a")
		b.sockets(6, 6) // b's stays
		time.Sleep(3 * time.Minute)
		if idle, busy := b.pool.Sockets(); idle != 1 || busy != 4 {
			t.Errorf("got %d idle and %d busy sockets, want only the latest key's besides the 4 in use", idle, busy)
		}
	})
}

func TestSocketsAheadOfManyKeysAreBounded(t *testing.T) {
	pooled(t, single(1), func(t *testing.T, b *bench) {
		b.pool.Warm(t.Context())
		for i := range 100 {
			b.join(strconv.Itoa(i)).seat.Leave(true)
			synctest.Wait()
		}
		time.Sleep(31 * time.Second)
		if idle, _ := b.pool.Sockets(); idle > 33 {
			t.Errorf("got %d idle sockets, want 32 and the latest key's", idle)
		}
	})
}

// keeper is a stream that lives from its first word to its last.
type keeper struct {
	mu    sync.Mutex
	spoke bool
}

func (*keeper) Lost(*upstream.Error) {}

func (k *keeper) KeepAlive() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.spoke {
		return nil
	}
	return []byte("alive")
}

func (k *keeper) speak() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spoke = true
}

// TestAKeepAliveOvertakesNothing has the first words queued at the very moment at which a keep-alive is due.
func TestAKeepAliveOvertakesNothing(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			var got []string
			over := make(chan struct{})
			vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
				defer close(over)
				for {
					frame, ok := c.Next()
					if !ok {
						return
					}
					got = append(got, string(frame))
				}
			})
			defer vendor.Close()
			socket := vendorsocket.SocketConfig{HTTP: vendor.Client(), KeepAlive: 10 * second}
			pool := vendorsocket.NewPool(dialect{}, vendorsocket.PoolConfig{Socket: socket, StreamsPerSocket: 1, Log: zerolog.Nop()})
			k := &keeper{}
			var seat vendorsocket.Seat
			if err := pool.Join(t.Context(), &seat, vendorsocket.Want{ID: "k", Key: "a", Member: k}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * second) // one is due, and had nothing to keep; another is due now
			if err := seat.Send(t.Context(), []byte("words")); err != nil {
				t.Fatal(err)
			}
			k.speak()
			time.Sleep(10 * second)
			synctest.Wait()
			pool.Close()
			<-over
			if len(got) < 2 || got[0] != "words" || slices.Contains(got[1:], "words") {
				t.Errorf("got %q, want the words before any keep-alive", got)
			}
		})
	}
}
