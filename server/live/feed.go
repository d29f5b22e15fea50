package live

import (
	"sync"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/peers"
	"voicerelay/relay/metrics"
)

// Parts are what a feed is made of.
type Parts struct {
	Relay   Relay
	Engine  Engine
	Recent  *metrics.Recent
	Reports Reports
	// Peers are the other relays on the same Redis; nil: there are none.
	Peers    Peers
	Identity Identity
	Log      zerolog.Logger
}

// mostGroups bounds the sums of a day by tenant or provider.
const mostGroups = 20_000

// How often operators that watch are told what has changed, and how long other relays may take for it: less than the pause
// between two, so that a Redis that hangs delays nothing else.
const (
	stepEvery     = time.Second
	peersPatience = 500 * time.Millisecond
	keepAlive     = 15 // steps of stepEvery after which a line is sent though nothing has changed
	todayEvery    = 15 * time.Second
	todayPatience = 10 * time.Second
	window        = 5 * time.Minute
	mostShown     = 200 // generations: more is no list that a person reads
	mostTenants   = 200 // of those that have something to show
)

// mostWatchers bounds those who watch at a time, and watcherLines the lines that wait for one: a client that is behind by more
// is cut, and asks anew.
const (
	mostWatchers = 32
	watcherLines = 4
)

// Feed tells operators how all relays do, as it happens. What all of them are told is made once.
type Feed struct {
	// Static after New.
	relay    Relay
	engine   Engine
	recent   *metrics.Recent
	reports  Reports
	peers    Peers // nil: there are none
	identity Identity
	log      zerolog.Logger
	started  time.Time

	// Owned by run.
	full      bool      // other relays want to know more than numbers
	quiet     int       // steps since a line was sent
	askedSums time.Time // when the sums of today were asked for last
	wg        sync.WaitGroup

	mu       sync.Mutex // guards what follows
	over     bool       // nobody is told anything any more
	watchers map[*watcher]struct{}
	state    state
	others   []peerSummary // what the other relays said last
	today    *todayEntry   // nil: not known yet
	pending  bool          // the sums of today are being asked for
}

// peerSummary is what another relay said.
type peerSummary struct {
	peers.Other
	summary *relaySummary // nil: it is gone
}

// watcher is somebody who watches.
type watcher struct {
	lines chan []byte // closed once there are no more
}

// New is a feed that nobody watches yet.
func New(parts Parts) *Feed {
	if parts.Identity.Name == "" {
		parts.Identity.Name = "relay"
	}
	return &Feed{
		relay: parts.Relay, engine: parts.Engine, recent: parts.Recent, reports: parts.Reports, peers: parts.Peers, identity: parts.Identity, log: parts.Log,
		started: time.Now(), watchers: make(map[*watcher]struct{}),
	}
}
