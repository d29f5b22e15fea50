package server

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/peers"
	"voicerelay/relay"
)

// How often operators that watch are told what has changed, and how long other relays may take for it: less than the pause
// between two, so that a Redis that hangs delays nothing else.
const (
	liveEvery       = time.Second
	peersPatience   = 500 * time.Millisecond
	liveKeepAlive   = 15 // steps of liveEvery after which a line is sent though nothing has changed
	todayEvery      = 15 * time.Second
	todayPatience   = 10 * time.Second
	liveWindow      = 5 * time.Minute
	mostLiveShown   = 200 // generations: more is no list that a person reads
	mostLiveTenants = 200 // of those that have something to show
)

// mostWatchers bounds those who watch at a time, and watcherLines the lines that wait for one: a client that is behind by more
// is cut, and asks anew.
const (
	mostWatchers = 32
	watcherLines = 4
)

// live tells operators how all relays do, as it happens. What all of them are told is made once.
type live struct {
	// Static after newLive.
	srv      *Server
	peers    Peers // nil: there are none
	identity Identity
	started  time.Time

	// Owned by run.
	full      bool      // other relays want to know more than numbers
	quiet     int       // steps since a line was sent
	askedSums time.Time // when the sums of today were asked for last
	wg        sync.WaitGroup

	mu       sync.Mutex // guards what follows
	over     bool       // nobody is told anything any more
	watchers map[*watcher]struct{}
	state    liveState
	others   []peerSummary // what the other relays said last
	today    *liveToday    // nil: not known yet
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

func newLive(srv *Server, parts Parts) *live {
	identity := parts.Identity
	if identity.Name == "" {
		identity.Name = "relay"
	}
	return &live{srv: srv, peers: parts.Peers, identity: identity, started: time.Now(), watchers: make(map[*watcher]struct{})}
}

// RunLive keeps what operators are told of, tells the other relays how this one does, and tells those who watch. It returns when
// ctx ends; then nobody is told anything any more.
func (srv *Server) RunLive(ctx context.Context) { srv.live.run(ctx) }

func (l *live) run(ctx context.Context) {
	ticks := time.NewTicker(liveEvery)
	defer ticks.Stop()
	defer l.end(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticks.C:
			l.step(ctx, now)
		}
	}
}

// end has nobody wait for more, and the other relays not miss this one.
func (l *live) end(ctx context.Context) {
	l.mu.Lock()
	l.over = true
	for w := range l.watchers {
		l.dropLocked(w)
	}
	l.mu.Unlock()
	l.wg.Wait()
	if l.peers == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), peersPatience)
	defer cancel()
	_ = l.peers.Leave(ctx) // where it fails, the others see a relay that is gone, for an hour
}

// step is what happens each second.
func (l *live) step(ctx context.Context, now time.Time) {
	l.srv.metrics.Recent().Seen(l.srv.engine.RunningCount())
	watched := l.watched()
	l.exchange(ctx, now, watched)
	if !watched {
		return
	}
	l.askToday(ctx, now)
	l.tell(now)
}

func (l *live) watched() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.watchers) > 0
}

// exchange tells the other relays how this one does, and does what they ask for. Where Redis is away, this relay stands for
// itself.
func (l *live) exchange(ctx context.Context, now time.Time, watched bool) {
	if l.peers == nil {
		return
	}
	l.heard(nil)
	if !l.srv.standing().DegradedSince.IsZero() {
		return
	}
	text, err := json.Marshal(l.summarize(now, l.full || watched))
	if err != nil {
		panic(err) // it has strings and numbers
	}
	ctx, cancel := context.WithTimeout(ctx, peersPatience)
	defer cancel()
	told, err := l.peers.Exchange(ctx, text, watched)
	if err != nil {
		l.srv.log.Debug().Err(err).Msg("the other relays were not told how this one does")
		return
	}
	l.full = told.Watched
	for _, record := range told.Stops {
		if l.srv.engine.Stop(record, relay.CauseOperator) {
			l.srv.log.Info().Str("record_id", record).Msg("generation cancelled by an operator at another relay")
		}
	}
	l.heard(summariesOf(told.Others))
}

// heard notes what the other relays said last.
func (l *live) heard(others []peerSummary) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.others = others
}

// summariesOf reads what other relays left. One that can't be read, of a relay of another version, counts as gone.
func summariesOf(others []peers.Other) []peerSummary {
	var read []peerSummary
	for _, o := range others {
		p := peerSummary{Other: o}
		var s relaySummary
		if o.Summary != nil && json.Unmarshal(o.Summary, &s) == nil {
			p.summary = &s
		}
		read = append(read, p)
	}
	return read
}

// tell sends those who watch what has changed.
func (l *live) tell(now time.Time) {
	sections := l.sections(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	changes := l.state.takeLocked(sections, l.srv.metrics.Recent(), now)
	if l.quiet++; changes == nil && l.quiet < liveKeepAlive {
		return
	}
	l.quiet = 0
	line := liveLine("change", now, changes)
	for w := range l.watchers {
		select {
		case w.lines <- line:
		default:
			l.dropLocked(w) // it is too far behind
		}
	}
}

// join has somebody watch, whose first line is all that there is to see.
func (l *live) join(now time.Time) (*watcher, *protocol.Error) {
	var sections []section
	if !l.watched() {
		sections = l.sections(now) // else those are known that were told last
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
		return nil, &protocol.Error{Code: protocol.CodeDraining, RetryAfter: liveEvery, Message: "the relay is shutting down"}
	case len(l.watchers) >= mostWatchers:
		return nil, &protocol.Error{Code: protocol.CodeTooManyConnections, RetryAfter: liveEvery, Message: "too many watch already"}
	}
	if len(l.watchers) == 0 && sections != nil {
		l.state.points = time.Time{}
		l.state.takeLocked(sections, l.srv.metrics.Recent(), now)
	}
	w := &watcher{lines: make(chan []byte, watcherLines)}
	w.lines <- l.state.snapshotLocked(l.srv.metrics.Recent(), now)
	l.watchers[w] = struct{}{}
	return w, nil
}

func (l *live) leave(w *watcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropLocked(w)
}

// dropLocked has a watcher get no more.
func (l *live) dropLocked(w *watcher) {
	if _, there := l.watchers[w]; there {
		delete(l.watchers, w)
		close(w.lines)
	}
}

// liveLine is a line of the stream: its sections are in JSON already.
func liveLine(kind string, now time.Time, sections []section) []byte {
	var line bytes.Buffer
	line.WriteString(`{"type":"` + kind + `","at":"` + wireTime(now) + `"`)
	for _, s := range sections {
		line.WriteString(`,"` + s.name + `":`)
		line.Write(s.json)
	}
	line.WriteString("}\n")
	return line.Bytes()
}
