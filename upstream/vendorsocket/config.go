package vendorsocket

import (
	"time"

	"github.com/rs/zerolog"
)

// PoolConfig says how a vendor's sockets are shared and kept.
type PoolConfig struct {
	// Socket bounds each of them.
	Socket SocketConfig
	// StreamsPerSocket is how many streams share one; at least 1.
	StreamsPerSocket int
	// InOrder: the vendor has stopped a cancelled stream before it looks at what comes after on the socket, so its place
	// there is free at once.
	InOrder bool
	// AffinityBound: the vendor ties a conversation to a socket, so its streams that overlap must be on one, also where that
	// is more than StreamsPerSocket.
	AffinityBound bool
	// SingleUse: a socket carries one stream in its life. It is closed when that leaves, which is how some vendors
	// are told to stop.
	SingleUse bool
	// SharedOnceProven: the vendor may or may not name the stream in what it sends. A socket carries one stream at a
	// time, and is closed where one leaves unconfirmed, until Seat.Share says that it may carry more.
	SharedOnceProven bool
	// StreamsInAll is how many streams a socket carries in its life, one after another or together: it is closed when
	// the last of so many has left. 0: no bound.
	StreamsInAll int
	// AddressByKey: where to connect depends on the streams' key, so sockets are opened ahead for the latest one
	// only, and none before the first stream.
	AddressByKey bool
	// StreamsPerMinute is how many may begin on one within any minute; 0: no bound. Where few are left, streams of
	// other conversations go to another socket, which is opened ahead.
	StreamsPerMinute int
	// Warm is how many sockets without a stream are kept open ahead of need.
	Warm int
	// Life is for how long streams may begin on a socket: it takes none after that, and is closed when none is on it. 0: no
	// bound but the one that an Expirer names.
	Life time.Duration
	// Idle is how long a socket without a stream is kept, to which up to a quarter may be added: less than the
	// vendor's own limit. 0: 2 minutes.
	Idle time.Duration
	// Linger is how long a cancelled stream keeps its place on its socket where the vendor does not confirm. 0: 3 s. It
	// counts as gone from the vendor by then, and after 3 s at the latest.
	Linger time.Duration
	// Log takes connection events.
	Log zerolog.Logger
}
