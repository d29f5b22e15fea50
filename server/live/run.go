package live

import (
	"context"
	"encoding/json"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/peers"
	"voicerelay/relay"
)

// Run keeps what operators are told of, tells the other relays how this one does, and tells those who watch. It returns when ctx
// ends; then nobody is told anything any more.
func (f *Feed) Run(ctx context.Context) {
	ticks := time.NewTicker(stepEvery)
	defer ticks.Stop()
	defer f.end(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticks.C:
			f.step(ctx, now)
		}
	}
}

// end has nobody wait for more, and the other relays not miss this one.
func (f *Feed) end(ctx context.Context) {
	f.mu.Lock()
	f.over = true
	for w := range f.watchers {
		f.dropLocked(w)
	}
	f.mu.Unlock()
	f.wg.Wait()
	if f.peers == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), peersPatience)
	defer cancel()
	_ = f.peers.Leave(ctx) // where it fails, the others see a relay that is gone, for an hour
}

// step is what happens each second.
func (f *Feed) step(ctx context.Context, now time.Time) {
	f.recent.Seen(f.engine.RunningCount())
	watched := f.watched()
	f.exchange(ctx, now, watched)
	if !watched {
		return
	}
	f.askToday(ctx, now)
	f.tell(now)
}

func (f *Feed) watched() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.watchers) > 0
}

// exchange tells the other relays how this one does, and does what they ask for. Where Redis is away, this relay stands for
// itself.
func (f *Feed) exchange(ctx context.Context, now time.Time, watched bool) {
	if f.peers == nil {
		return
	}
	f.heard(nil)
	if f.relay.Facts().DegradedSince != nil {
		return
	}
	text, err := json.Marshal(f.summarize(now, f.full || watched))
	if err != nil {
		panic(err) // it has strings and numbers
	}
	ctx, cancel := context.WithTimeout(ctx, peersPatience)
	defer cancel()
	told, err := f.peers.Exchange(ctx, text, watched)
	if err != nil {
		f.log.Debug().Err(err).Msg("the other relays were not told how this one does")
		return
	}
	f.full = told.Watched
	for _, record := range told.Stops {
		if f.engine.Stop(record, relay.CauseOperator) {
			f.log.Info().Str("record_id", record).Msg("generation cancelled by an operator at another relay")
		}
	}
	f.heard(summariesOf(told.Others))
}

// heard notes what the other relays said last.
func (f *Feed) heard(others []peerSummary) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.others = others
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
func (f *Feed) tell(now time.Time) {
	sections := f.sections(now)
	f.mu.Lock()
	defer f.mu.Unlock()
	changes := f.state.takeLocked(sections, f.recent, now)
	if f.quiet++; changes == nil && f.quiet < keepAlive {
		return
	}
	f.quiet = 0
	line := lineOf("change", now, changes)
	for w := range f.watchers {
		select {
		case w.lines <- line:
		default:
			f.dropLocked(w) // it is too far behind
		}
	}
}

// join has somebody watch, whose first line is all that there is to see.
func (f *Feed) join(now time.Time) (*watcher, *protocol.Error) {
	var sections []section
	if !f.watched() {
		sections = f.sections(now) // else those are known that were told last
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.over:
		return nil, &protocol.Error{Code: protocol.CodeDraining, RetryAfter: stepEvery, Message: "the relay is shutting down"}
	case len(f.watchers) >= mostWatchers:
		return nil, &protocol.Error{Code: protocol.CodeTooManyConnections, RetryAfter: stepEvery, Message: "too many watch already"}
	}
	if len(f.watchers) == 0 && sections != nil {
		f.state.points = time.Time{}
		f.state.takeLocked(sections, f.recent, now)
	}
	w := &watcher{lines: make(chan []byte, watcherLines)}
	w.lines <- f.state.snapshotLocked(f.recent, now)
	f.watchers[w] = struct{}{}
	return w, nil
}

func (f *Feed) leave(w *watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropLocked(w)
}

// dropLocked has a watcher get no more.
func (f *Feed) dropLocked(w *watcher) {
	if _, there := f.watchers[w]; there {
		delete(f.watchers, w)
		close(w.lines)
	}
}
