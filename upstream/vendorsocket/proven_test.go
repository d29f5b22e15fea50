package vendorsocket_test

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// proving is a pool whose sockets carry one stream until they are known to name it.
func proving() vendorsocket.PoolConfig {
	return vendorsocket.PoolConfig{SharedOnceProven: true, StreamsPerSocket: 3}
}

func TestASocketIsSharedOnceProven(t *testing.T) {
	pooled(t, proving(), func(t *testing.T, b *bench) {
		first, second := b.join("a"), b.join("a")
		b.sockets(2, 2)
		if first.seat.Shared() {
			t.Error("shared before it was proven")
		}
		first.seat.Share()
		third, fourth := b.join("a"), b.join("a")
		b.sockets(2, 2) // both besides the first
		if !fourth.seat.Shared() || second.seat.Shared() {
			t.Error("want the first socket shared, the second not")
		}
		b.join("a")
		b.sockets(3, 3) // the second still carries one
		for _, s := range []*member{first, third, fourth} {
			s.seat.Leave(false)
		}
		b.sockets(3, 3) // its late frames have their names
	})
}

func TestAnUnprovenSocketEndsWithAStreamThatIsNotOver(t *testing.T) {
	pooled(t, proving(), func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		b.sockets(1, 1)
		s := b.join("a")
		b.sockets(1, 1) // the one before was over
		s.seat.Leave(false)
		b.sockets(1, 0)
		gone := false
		s.seat.WhenGone(func() { gone = true })
		if !gone {
			t.Error("a stream whose socket was closed for it is not gone at once")
		}
	})
}

func TestASocketEndsWithTheLastOfItsStreams(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 2, StreamsInAll: 3, Linger: time.Hour}, func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		second, third := b.join("a"), b.join("a")
		b.sockets(1, 1)
		second.seat.Leave(true)
		fourth := b.join("a")
		b.sockets(2, 2) // there is room on the first, but it has had its three
		third.send("one")
		third.want("", "one")
		third.seat.Leave(false)
		b.sockets(2, 1)
		fourth.send("one")
		fourth.want("", "one")
		synctest.Wait()
		if idle, busy := b.pool.Sockets(); idle != 0 || busy != 1 {
			t.Errorf("got %d idle and %d busy sockets, want the fourth's", idle, busy)
		}
	})
}

func TestSharingWhatIsLost(t *testing.T) {
	pooled(t, proving(), func(t *testing.T, b *bench) {
		b.join("a").seat.Leave(true)
		s := b.join("a")
		b.sockets(1, 1)
		b.vendor.Refuse(503, nil)
		b.vendor.Drop()
		s.want(upstream.ConnectFailed)
		s.seat.Share()
		if s.seat.Shared() {
			t.Error("a stream without a socket shares one")
		}
	})
}
